"""What the jobs need of the world outside, as small protocols; `adapters/` and the tests' fakes fulfil them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from options_signals.digest import Texts


class SignalTable(Protocol):
    """Rows under a partition key `pk` and a sort key `sk`; a row's numbers are finite and keep 10 digits.

    StoreUnavailableError where the table cannot be reached: the call may then have had its effect or not.
    """

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """The row as of now, every finished write included; None without one."""
        ...

    def add(self, pk: str, sk: str, row: Mapping[str, Any]) -> bool:
        """Write the row unless its key is taken; return whether it was written."""
        ...

    def update(self, pk: str, sk: str, changes: Mapping[str, Any], *, expected: Mapping[str, Any]) -> bool:
        """Change these fields only where the row exists and every expected field has that value; return whether."""
        ...

    def of_partition(self, pk: str, sk_prefix: str) -> list[dict[str, Any]]:
        """The rows whose sort key starts so, by ascending sort key, every finished write included."""
        ...

    def of_ticker(self, ticker: str, *, since: dt.date) -> list[dict[str, Any]]:
        """The rows of all namespaces with that `ticker` and a `session` from then on, ascending; a moment late."""
        ...


class Channel(Protocol):
    """Where a session's message goes out."""

    def check(self, texts: Texts) -> None:
        """Raise InvalidValueError where the channel could never take these texts."""
        ...

    def publish(self, texts: Texts, *, digest_id: str) -> str:
        """Hand the message over once, without any retry; return the channel's id of it.

        Raises
        ------
        DeliveryRejectedError
            Refused for certain.
        DeliveryDeferredError
            Not taken for certain, this time.
        DeliveryUnknownError
            Handed over; nobody knows.
        """
        ...


class EventBus(Protocol):
    """Where other programs hear of it, at least once."""

    def signals_published(self, detail: Mapping[str, Any]) -> None:
        """Put the event; StoreUnavailableError where it may be tried again, DeliveryRejectedError where not."""
        ...


class Clock(Protocol):
    """The time. Only a lease asks for it, never a decision."""

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
