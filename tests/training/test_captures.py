import datetime as dt

import pandas as pd
import pytest
from options_signals import sessions, snapshot
from options_signals.errors import InvalidValueError
from options_signals.lake import MemoryStore
from options_signals.snapshot import Origin
from options_signals.tables import SENTIMENT

from tests.manifests import bare_manifest
from training.captures import ENOUGH, enough, gather, instrument_for

MONDAY, TUESDAY = dt.date(2022, 11, 21), dt.date(2022, 11, 22)


def commit(
    store: MemoryStore, session: dt.date, share: float | None, *, attempt: int = 1, source: str = "ApeWisdom"
) -> None:
    """A snapshot of that evening, with one capture of AAPL or none."""
    at = dt.datetime.combine(session, dt.time(21, 45), dt.UTC)
    names = [column.name for column in SENTIMENT.columns if not column.optional]
    frame = pd.DataFrame([["AAPL", at, share, 0.1, 5.0, 0.5, 80.0, 40.0]], columns=names)
    prefix = snapshot.prefix_of("live", session, attempt)
    origin = Origin(source=source, captured_at=at, rights="own use")
    refs = {} if share is None else {"sentiment": snapshot.write_table(store, prefix, SENTIMENT, frame, origin)}
    snapshot.commit(store, bare_manifest("live", session, attempt=attempt, created_at=at, tables=refs))


def test_every_committed_capture_is_gathered_under_its_instrument() -> None:
    store = MemoryStore()
    commit(store, MONDAY, 0.4)
    commit(store, TUESDAY, 0.6, source="Finnhub news sentiment; ApeWisdom")

    captures = gather(store, "live")

    assert {source: frame["bullish_share"].tolist() for source, frame in captures.items()} == {
        "ApeWisdom": [0.4],
        "Finnhub news sentiment; ApeWisdom": [0.6],
    }


def test_of_a_session_fetched_twice_the_first_capture_counts() -> None:
    store = MemoryStore()
    commit(store, MONDAY, None)
    commit(store, MONDAY, 0.4, attempt=2)
    commit(store, MONDAY, 0.9, attempt=3)

    assert gather(store, "live")["ApeWisdom"]["bullish_share"].tolist() == [0.4]


def test_what_was_never_committed_is_not_there() -> None:
    store = MemoryStore()
    commit(store, MONDAY, 0.4)
    store.objects.pop(snapshot.manifest_key("live", MONDAY, 1))

    assert gather(store, "live") == {}


def test_no_capture_of_another_namespace_is_gathered() -> None:
    store = MemoryStore()
    commit(store, MONDAY, 0.4)

    assert gather(store, "simulated") == {}


def test_too_few_captures_are_refused_with_their_number_by_instrument() -> None:
    store = MemoryStore()
    commit(store, MONDAY, 0.4)
    commit(store, TUESDAY, 0.6)

    with pytest.raises(InvalidValueError, match=r"captures of sentiment for AAPL is \{'ApeWisdom': 2\}; allowed: 1008"):
        instrument_for(gather(store, "live"), "AAPL")


def test_enough_captures_name_their_instrument() -> None:
    store = MemoryStore()
    commit(store, MONDAY, 0.4)
    commit(store, TUESDAY, 0.6)

    assert instrument_for(gather(store, "live"), "AAPL", least=2) == "ApeWisdom"


def test_the_captures_to_train_on_begin_with_the_first() -> None:
    frame = captures_of("AAPL", ENOUGH)

    found = enough({"ApeWisdom": frame}, ["AAPL"])

    assert found.instrument == "ApeWisdom"
    assert found.since == pd.Timestamp("2018-11-21")
    assert len(found.frame) == ENOUGH


def test_two_tickers_of_different_instruments_are_not_one_measure() -> None:
    captures = {"ApeWisdom": captures_of("AAPL", ENOUGH), "Finnhub": captures_of("MSFT", ENOUGH)}

    with pytest.raises(InvalidValueError, match=r"instrument of the captures .* allowed: the same for every ticker"):
        enough(captures, ["AAPL", "MSFT"])


def captures_of(ticker: str, count: int) -> pd.DataFrame:
    """One capture on each of the last sessions up to Tuesday."""
    days = sessions.between(sessions.shift(TUESDAY, 1 - count), TUESDAY)
    at = [dt.datetime.combine(day, dt.time(21, 45), dt.UTC) for day in days]
    return SENTIMENT.empty().reindex(range(count)).assign(ticker=ticker, captured_at=at)


def test_without_any_capture_there_are_too_few() -> None:
    with pytest.raises(InvalidValueError, match=r"captures of sentiment for AAPL is \{\}"):
        instrument_for({}, "AAPL")
