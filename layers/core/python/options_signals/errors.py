"""Every error the product raises, in one tree.

```text
SignalError
├── Retryable                    trying again may help; the state machine lists each one by name
│   ├── ProviderUnavailableError   a data provider is down, slow or answers nonsense
│   ├── ProviderThrottledError     a data provider asks us to slow down
│   ├── StoreUnavailableError      the lake or the table cannot be reached
│   ├── DeliveryDeferredError      a message was certainly not taken this time; it may be the next
│   ├── DeliveryUnknownError       a message was handed over and nobody knows whether it was taken
│   └── PublishingElsewhereError   another run holds the lease on this session's digest
└── Permanent                    trying again cannot help: bad input, missing data, broken artefact
    ├── InvalidValueError          a value outside what is allowed
    ├── SettingsError              an unknown or invalid setting
    ├── TableError                 a table breaks its schema
    ├── MissingColumnError         a feature needs an input that is not there
    ├── NoIndexError               a ticker has no volatility index of its own
    ├── NotFoundError              nothing stored under that name
    ├── ProviderRefusedError       a data provider refuses us, or our key
    ├── StaleRatesError            the newest discount rates are too old
    ├── AlreadyStoredError         a name that must be new is taken
    ├── CorruptError               something stored does not match its digest or cannot be read
    ├── FolderError                a folder cannot be read, written or locked
    ├── DeliveryRejectedError      a message was refused for certain
    ├── AccountError               the user's AWS account cannot be asked, or refuses
    └── ModelError                 a model is missing, broken, or not the one that was tested
        ├── ModelMissingError
        ├── ModelMismatchError
        └── ExportError
```

The message says what, which value, what is allowed and what to do; the values stay attributes.
"""

import copyreg
from collections.abc import Iterator
from datetime import date
from typing import Any


class SignalError(Exception):
    """The root of the tree."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The default calls __init__ with the message alone: an error raised in a worker process would be lost.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # not in the stubs


class Retryable(SignalError):  # noqa: N818 - the tree reads Retryable | Permanent
    """Trying again may help."""


class Permanent(SignalError):  # noqa: N818 - the tree reads Retryable | Permanent
    """Trying again cannot help: bad input, missing data, broken artefact."""


class ProviderUnavailableError(Retryable):
    """A data provider is down, slow or answers nonsense."""

    def __init__(self, *, provider: str, detail: str) -> None:
        self.provider, self.detail = provider, detail
        super().__init__(f"{provider} did not deliver: {detail}. It is asked again at the next attempt or slot.")


class ProviderThrottledError(Retryable):
    """A data provider asks us to slow down."""

    def __init__(self, *, provider: str, wait_seconds: float | None) -> None:
        self.provider, self.wait_seconds = provider, wait_seconds
        wish = "without saying for how long" if wait_seconds is None else f"for {wait_seconds:g} s"
        super().__init__(f"{provider} throttles us {wish}. Fetch fewer tickers at once, or wait for the next slot.")


class StoreUnavailableError(Retryable):
    """The lake or the table cannot be reached."""

    def __init__(self, *, store: str, action: str, detail: str) -> None:
        self.store, self.action, self.detail = store, action, detail
        super().__init__(f"{action} on {store} failed: {detail}. Nothing was half-written; try again.")


class DeliveryDeferredError(Retryable):
    """A message was certainly not taken this time; it may be the next."""

    def __init__(self, *, channel: str, message_id: str, detail: str) -> None:
        self.channel, self.message_id, self.detail = channel, message_id, detail
        super().__init__(f"message {message_id} to {channel} was not taken: {detail}. Nothing was sent; try again.")


class DeliveryUnknownError(Retryable):
    """A message was handed over and nobody knows whether it was taken."""

    def __init__(self, *, channel: str, message_id: str, detail: str) -> None:
        self.channel, self.message_id, self.detail = channel, message_id, detail
        super().__init__(
            f"message {message_id} to {channel}: outcome unknown ({detail}). "
            "It is sent again, marked REPEAT, once the lease has run out."
        )


class PublishingElsewhereError(Retryable):
    """Another run holds the lease on this session's digest."""

    def __init__(self, *, key: str, seconds_left: float) -> None:
        self.key, self.seconds_left = key, seconds_left
        super().__init__(
            f"{key} is being sent by another run for up to {seconds_left:.0f} s. "
            "Wait for it; a run after that finishes the work."
        )


class InvalidValueError(Permanent):
    """A value outside what is allowed."""

    def __init__(self, *, name: str, value: object, allowed: str, remedy: str = "") -> None:
        self.name, self.value, self.allowed, self.remedy = name, value, allowed, remedy
        super().__init__(f"{name} is {value!r}; allowed: {allowed}.{' ' + remedy if remedy else ''}")


class SettingsError(Permanent):
    """An unknown or invalid setting."""

    def __init__(self, *, origin: str, problems: tuple[str, ...]) -> None:
        self.origin, self.problems = origin, problems
        super().__init__(
            f"settings from {origin}: {'; '.join(problems)}. "
            "Correct or remove these; `signals doctor` lists every setting and its default."
        )


class TableError(Permanent):
    """A table breaks its schema."""

    def __init__(self, *, table: str, column: str, row: object, value: object, allowed: str) -> None:
        self.table, self.column, self.row, self.value, self.allowed = table, column, row, value, allowed
        where = "" if row is None else f" in row {row}"
        super().__init__(
            f"table {table}, column {column}{where}: found {value!r}, allowed: {allowed}. "
            "Correct the source of the data; nothing of this table was stored."
        )


class MissingColumnError(Permanent):
    """A feature needs an input that is not there."""

    def __init__(self, *, column: str, needed_by: str, present: tuple[str, ...]) -> None:
        self.column, self.needed_by, self.present = column, needed_by, present
        super().__init__(
            f"{needed_by} needs the column {column}; there are {', '.join(present) or 'none'}. "
            "Fetch that input, or ask for other features."
        )


class NoIndexError(Permanent):
    """A ticker has no volatility index of its own."""

    def __init__(self, *, ticker: str, known: tuple[str, ...]) -> None:
        self.ticker, self.known = ticker, known
        super().__init__(
            f"{ticker} has no volatility index of its own ({', '.join(known)} have). "
            f"Drop the ticker, or name a proxy in the setting allow_iv_proxy, such as {{{ticker}: VIX}}. "
            "A year of its own option chains, kept by daily runs, does too."
        )


class NotFoundError(Permanent):
    """Nothing stored under that name."""

    def __init__(self, *, what: str, where: str, remedy: str) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"no {what} in {where}. {remedy}")


class ProviderRefusedError(Permanent):
    """A data provider refuses us, or our key; `key` is the key's name, never the key itself."""

    def __init__(self, *, provider: str, status: int, key: str | None) -> None:
        self.provider, self.status, self.key = provider, status, key
        remedy = (
            "It asks for no key: it may block this machine's address. Wait a day, or take another source."
            if key is None
            else f"Correct the key in {key}, or unset it and do without this provider."
        )
        super().__init__(f"{provider} refuses us (HTTP {status}). {remedy}")


class StaleRatesError(Permanent):
    """The newest discount rates are too old for the day wanted."""

    def __init__(self, *, series: str, as_of: date, wanted: date, limit_days: int) -> None:
        self.series, self.as_of, self.wanted, self.limit_days = series, as_of, wanted, limit_days
        super().__init__(
            f"{series}: newest observation is of {as_of}, wanted {wanted}, allowed: at most {limit_days} days older. "
            "Fetch newer Treasury yields, or give a rate."
        )


class AlreadyStoredError(Permanent):
    """A name that must be new is taken."""

    def __init__(self, *, key: str) -> None:
        self.key = key
        super().__init__(f"{key} exists and is never changed. Take the next attempt or version.")


class CorruptError(Permanent):
    """Something stored does not match its digest or cannot be read."""

    def __init__(self, *, what: str, expected: str, found: str, remedy: str) -> None:
        self.what, self.expected, self.found, self.remedy = what, expected, found, remedy
        super().__init__(f"{what} is damaged: expected {expected}, found {found}. {remedy}")


class FolderError(Permanent):
    """A folder cannot be read, written or locked."""

    def __init__(self, *, path: str, action: str, detail: str, remedy: str) -> None:
        self.path, self.action, self.detail, self.remedy = path, action, detail, remedy
        super().__init__(f"cannot {action} {path}: {detail}. {remedy}")


class DeliveryRejectedError(Permanent):
    """A message was refused for certain."""

    def __init__(self, *, channel: str, message_id: str, detail: str) -> None:
        self.channel, self.message_id, self.detail = channel, message_id, detail
        super().__init__(
            f"message {message_id} to {channel} was refused: {detail}. "
            "Nothing was sent; correct the cause and run the session again."
        )


class AccountError(Permanent):
    """The user's AWS account cannot be asked, or refuses."""

    def __init__(self, *, action: str, detail: str, remedy: str) -> None:
        self.action, self.detail, self.remedy = action, detail, remedy
        super().__init__(f"{action} failed: {detail}. {remedy}")


class ModelError(Permanent):
    """A model is missing, broken, or not the one that was tested."""


class ModelMissingError(ModelError):
    """No model is served under that name."""

    def __init__(self, *, model: str, scope: str, where: str) -> None:
        self.model, self.scope, self.where = model, scope, where
        super().__init__(
            f"no champion of {model} for {scope} in {where}. "
            "Train one (`signals train-all`), or promote a version (`signals models promote`)."
        )


class ModelMismatchError(ModelError):
    """A bundle is not the one that was tested."""

    def __init__(self, *, model: str, check: str, expected: str, found: str) -> None:
        self.model, self.check, self.expected, self.found = model, check, expected, found
        super().__init__(
            f"model {model} fails its check of {check}: the card says {expected}, found {found}. "
            "Roll back (`signals models rollback`) or train again; it is not served."
        )


class ExportError(ModelError):
    """The exported graph does not compute what the trained model computes."""

    def __init__(self, *, model: str, worst: float, allowed: float, rows: int) -> None:
        self.model, self.worst, self.allowed, self.rows = model, worst, allowed, rows
        super().__init__(
            f"model {model} was not exported: over {rows} rows its graph differs from scikit-learn by up to "
            f"{worst:.2e}, allowed {allowed:.0e}. Look for float64 steps or calibrators inside the pipeline."
        )


def leaves(root: type[SignalError]) -> Iterator[type[SignalError]]:
    """Yield every concrete error below `root`: what a retry rule must list, since names match exactly."""
    for child in root.__subclasses__():
        if child.__subclasses__():
            yield from leaves(child)
        else:
            yield child
