import copy
import pickle
import re
from datetime import date
from typing import Any

import pytest
from options_signals import errors
from options_signals.errors import Permanent, Retryable, SignalError, leaves

# What each error is made of, and its whole message.
CASES: list[tuple[type[SignalError], dict[str, Any], str]] = [
    (
        errors.ProviderUnavailableError,
        {"provider": "yahoo", "detail": "HTTP 502"},
        "yahoo did not deliver: HTTP 502. It is asked again at the next attempt or slot.",
    ),
    (
        errors.ProviderThrottledError,
        {"provider": "yahoo", "wait_seconds": 30.0},
        "yahoo throttles us for 30 s. Fetch fewer tickers at once, or wait for the next slot.",
    ),
    (
        errors.ProviderThrottledError,
        {"provider": "yahoo", "wait_seconds": None},
        "yahoo throttles us without saying for how long. Fetch fewer tickers at once, or wait for the next slot.",
    ),
    (
        errors.StoreUnavailableError,
        {"store": "s3://lake", "action": "reading", "detail": "timed out"},
        "reading on s3://lake failed: timed out. Nothing was half-written; try again.",
    ),
    (
        errors.DeliveryDeferredError,
        {"channel": "SNS", "message_id": "3f2a", "detail": "throttled"},
        "message 3f2a to SNS was not taken: throttled. Nothing was sent; try again.",
    ),
    (
        errors.DeliveryUnknownError,
        {"channel": "SNS", "message_id": "3f2a", "detail": "read timeout"},
        (
            "message 3f2a to SNS: outcome unknown (read timeout). "
            "It is sent again, marked REPEAT, once the lease has run out."
        ),
    ),
    (
        errors.PublishingElsewhereError,
        {"key": "live#2022-11-23 digest", "seconds_left": 87.4},
        (
            "live#2022-11-23 digest is being sent by another run for up to 87 s. "
            "Wait for it; a run after that finishes the work."
        ),
    ),
    (
        errors.InvalidValueError,
        {"name": "strike", "value": -1.0, "allowed": "> 0"},
        "strike is -1.0; allowed: > 0.",
    ),
    (
        errors.InvalidValueError,
        {"name": "strike", "value": -1.0, "allowed": "> 0", "remedy": "Correct the chain."},
        "strike is -1.0; allowed: > 0. Correct the chain.",
    ),
    (
        errors.SettingsError,
        {"origin": "a.yaml", "problems": ("rsik is not a setting", "chunks is 0: too few")},
        (
            "settings from a.yaml: rsik is not a setting; chunks is 0: too few. "
            "Correct or remove these; `signals doctor` lists every setting and its default."
        ),
    ),
    (
        errors.TableError,
        {"table": "bars", "column": "close", "row": "3 (SPY 2022-11-23)", "value": -1.0, "allowed": "> 0"},
        (
            "table bars, column close in row 3 (SPY 2022-11-23): found -1.0, allowed: > 0. "
            "Correct the source of the data; nothing of this table was stored."
        ),
    ),
    (
        errors.TableError,
        {"table": "bars", "column": "close", "row": None, "value": "no such column", "allowed": "number (USD)"},
        (
            "table bars, column close: found 'no such column', allowed: number (USD). "
            "Correct the source of the data; nothing of this table was stored."
        ),
    ),
    (
        errors.MissingColumnError,
        {"column": "vix", "needed_by": "vix_term_slope", "present": ("close", "volume")},
        "vix_term_slope needs the column vix; there are close, volume. Fetch that input, or ask for other features.",
    ),
    (
        errors.MissingColumnError,
        {"column": "vix", "needed_by": "vix_term_slope", "present": ()},
        "vix_term_slope needs the column vix; there are none. Fetch that input, or ask for other features.",
    ),
    (
        errors.NoIndexError,
        {"ticker": "AAPL", "known": ("SPY", "QQQ")},
        (
            "AAPL has no volatility index of its own (SPY, QQQ have). "
            "Drop the ticker, or name a proxy in the setting allow_iv_proxy, such as {AAPL: VIX}. "
            "A year of its own option chains, kept by daily runs, does too."
        ),
    ),
    (
        errors.NotFoundError,
        {"what": "snapshot of 2022-11-23", "where": "lake/", "remedy": "Fetch it."},
        "no snapshot of 2022-11-23 in lake/. Fetch it.",
    ),
    (
        errors.ProviderRefusedError,
        {"provider": "Finnhub", "status": 401, "key": "FINNHUB_API_KEY"},
        (
            "Finnhub refuses us (HTTP 401). "
            "Correct the key in FINNHUB_API_KEY, or unset it and do without this provider."
        ),
    ),
    (
        errors.ProviderRefusedError,
        {"provider": "Cboe", "status": 403, "key": None},
        (
            "Cboe refuses us (HTTP 403). "
            "It asks for no key: it may block this machine's address. Wait a day, or take another source."
        ),
    ),
    (
        errors.StaleRatesError,
        {"series": "DGS3MO", "as_of": date(2022, 11, 1), "wanted": date(2022, 11, 23), "limit_days": 10},
        (
            "DGS3MO: newest observation is of 2022-11-01, wanted 2022-11-23, allowed: at most 10 days older. "
            "Fetch newer Treasury yields, or give a rate."
        ),
    ),
    (
        errors.AlreadyStoredError,
        {"key": "snapshots/live/2022-11-23/001/manifest.json"},
        "snapshots/live/2022-11-23/001/manifest.json exists and is never changed. Take the next attempt or version.",
    ),
    (
        errors.CorruptError,
        {"what": "bars.parquet", "expected": "sha256 ab", "found": "cd", "remedy": "Fetch it again."},
        "bars.parquet is damaged: expected sha256 ab, found cd. Fetch it again.",
    ),
    (
        errors.FolderError,
        {"path": ".signals", "action": "write", "detail": "Read-only file system", "remedy": "Name another."},
        "cannot write .signals: Read-only file system. Name another.",
    ),
    (
        errors.DeliveryRejectedError,
        {"channel": "SNS", "message_id": "3f2a", "detail": "topic is gone"},
        (
            "message 3f2a to SNS was refused: topic is gone. "
            "Nothing was sent; correct the cause and run the session again."
        ),
    ),
    (
        errors.AccountError,
        {"action": "subscribing", "detail": "no credentials were found", "remedy": "Run `aws configure`."},
        "subscribing failed: no credentials were found. Run `aws configure`.",
    ),
    (
        errors.ModelMissingError,
        {"model": "direction", "scope": "SPY", "where": "lake/models"},
        (
            "no champion of direction for SPY in lake/models. "
            "Train one (`signals train-all`), or promote a version (`signals models promote`)."
        ),
    ),
    (
        errors.ModelMismatchError,
        {"model": "direction of SPY", "check": "graph digest", "expected": "ab", "found": "cd"},
        (
            "model direction of SPY fails its check of graph digest: the card says ab, found cd. "
            "Roll back (`signals models rollback`) or train again; it is not served."
        ),
    ),
    (
        errors.ExportError,
        {"model": "direction of SPY", "worst": 0.5, "allowed": 1e-5, "rows": 2000},
        (
            "model direction of SPY was not exported: over 2000 rows its graph differs from scikit-learn by up to "
            "5.00e-01, allowed 1e-05. Look for float64 steps or calibrators inside the pipeline."
        ),
    ),
]
each_error = pytest.mark.parametrize(("kind", "values", "message"), CASES)


@each_error
def test_message_says_what_which_value_what_is_allowed_and_what_to_do(
    kind: type[SignalError], values: dict[str, Any], message: str
) -> None:
    assert str(kind(**values)) == message


def test_message_of_every_error_in_the_tree_is_tested() -> None:
    assert set(leaves(SignalError)) == {kind for kind, _, _ in CASES}


@each_error
def test_values_stay_attributes(kind: type[SignalError], values: dict[str, Any], message: str) -> None:
    error = kind(**values)

    assert {name: getattr(error, name) for name in values} == values
    assert str(error) == message


@each_error
def test_error_survives_the_way_out_of_a_worker_process(
    kind: type[SignalError], values: dict[str, Any], message: str
) -> None:
    sent = kind(**values)

    arrived = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes

    assert type(arrived) is kind
    assert str(arrived) == message
    assert vars(arrived) == vars(sent)


def test_error_can_be_copied() -> None:
    error = errors.NotFoundError(what="bars", where="lake/", remedy="Fetch them.")

    assert copy.deepcopy(error).where == "lake/"


def drawn_tree() -> dict[str, str]:
    """Each error and the one above it, as drawn at the top of the module: a level is four columns."""
    drawing = str(errors.__doc__).split("```")[1].splitlines()
    names = [name for line in drawing if (name := re.search(r"[A-Z]\w+", line))]
    newest_at: dict[int, str] = {}
    tree = {}
    for name in names:
        tree[name[0]] = newest_at.get(name.start() - 4, "")
        newest_at[name.start()] = name[0]
    return tree


def real_tree(root: type[SignalError], above: str = "") -> dict[str, str]:
    tree = {root.__name__: above}
    for child in root.__subclasses__():
        tree |= real_tree(child, root.__name__)
    return tree


def test_tree_drawn_at_the_top_of_the_module_is_the_real_one() -> None:
    assert drawn_tree()["ModelMismatchError"] == "ModelError"
    assert drawn_tree() == real_tree(SignalError)


def test_whoever_retries_finds_each_retryable_error_by_name() -> None:
    names = [leaf.__name__ for leaf in leaves(Retryable)]

    assert "ProviderThrottledError" in names
    assert [getattr(errors, name) for name in names] == list(leaves(Retryable))


def test_no_error_is_both_retryable_and_permanent() -> None:
    assert set(leaves(Retryable)).isdisjoint(leaves(Permanent))
