import datetime as dt

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.jobs.messages import Run
from options_signals.jobs.moved_earnings import moved_earnings
from options_signals.lake import MemoryStore
from options_signals.snapshot import Origin
from options_signals.tables import EARNINGS, validate

from tests.manifests import bare_manifest

MONDAY, TUESDAY = dt.date(2022, 11, 14), dt.date(2022, 11, 15)
AT = dt.datetime(2022, 11, 14, 22, 0, tzinfo=dt.UTC)


def calendar(*dates: str, time: str | None = "post") -> pd.DataFrame:
    """Dates of NVDA, each told long before."""
    days = pd.to_datetime(list(dates))
    return validate(
        EARNINGS,
        pd.DataFrame(
            {
                "ticker": "NVDA",
                "announced_on": days,
                "release_time": pd.Series([time] * len(dates), dtype="str"),
                "eps_estimate": 1.0,
                "eps_actual": float("nan"),
                "known_on": days - pd.Timedelta(days=100),
            }
        ),
    )


def moved(now: pd.DataFrame, before: pd.DataFrame | None) -> dict[str, str]:
    """What Tuesday says, beside what Monday stored."""
    store, run = MemoryStore(), Run(namespace="live", session=MONDAY, attempt=1)
    prefix = snapshot.prefix_of("live", MONDAY, 1)
    origin = Origin(source="test", captured_at=AT, rights="test")
    tables = {} if before is None else {"earnings": snapshot.write_table(store, prefix, EARNINGS, before, origin)}
    snapshot.commit(store, bare_manifest("live", MONDAY, tables=tables))
    return dict(moved_earnings(now, ["NVDA"], TUESDAY, earlier=[run], store=store))


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (calendar("2022-11-17"), calendar("2022-11-16"), {"NVDA": "from 2022-11-16 to 2022-11-17"}),
        (calendar("2022-08-24"), calendar("2022-11-16"), {"NVDA": "2022-11-16 is no longer told"}),
        (calendar("2022-11-16"), calendar("2022-11-16"), {}),
        (calendar("2022-11-16"), calendar("2022-11-16", time=None), {}),
        (calendar("2022-11-16"), calendar("2022-08-24"), {}),
        (calendar("2022-11-16"), calendar("2022-11-15"), {"NVDA": "from 2022-11-15 to 2022-11-16"}),
        (calendar("2022-11-16"), calendar("2022-11-15", time="pre"), {}),
        (calendar("2023-02-22"), calendar("2022-11-15"), {}),
        (calendar("2022-11-17"), None, {}),
    ],
    ids=[
        "moved",
        "taken back",
        "the same",
        "its time became known",
        "unknown before",
        "put off today",
        "today's open has answered it",
        "today's came true",
        "no calendar before",
    ],
)
def test_a_date_that_was_to_come_and_is_another_now_is_told(
    now: pd.DataFrame, before: pd.DataFrame | None, told: dict[str, str]
) -> None:
    assert moved(now, before) == told


def test_a_snapshot_that_cannot_be_read_says_nothing() -> None:
    run = Run(namespace="live", session=MONDAY, attempt=1)

    assert moved_earnings(calendar("2022-11-17"), ["NVDA"], TUESDAY, earlier=[run], store=MemoryStore()) == {}
