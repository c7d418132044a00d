"""How far the dated tables reach: after that day what is made from them is unknown, so somebody must extend them."""

import datetime as dt
from typing import NamedTuple

import numpy as np

from options_signals.features import calendar_events, calendar_fomc


class Validity(NamedTuple):
    """The days for which one dated table answers, both included, and where it is written."""

    name: str
    first: dt.date
    through: dt.date
    module: str


def validity() -> list[Validity]:
    """Every dated table with its span, as `signals doctor` shows it."""
    events = "features/calendar_events.py"
    policy = Validity(
        "FOMC changes of the target",
        _date(calendar_fomc.KNOWN_FROM),
        _date(calendar_fomc.KNOWN_THROUGH),
        "features/calendar_fomc.py",
    )
    return [policy] + [
        Validity(WORDS[event], _date(calendar_events.KNOWN_FROM), _date(schedule.known_through), events)
        for event, schedule in calendar_events.SCHEDULES.items()
    ]


WORDS = {"fomc": "FOMC meetings", "cpi": "releases of consumer prices", "payrolls": "employment reports"}


def _date(day: np.datetime64) -> dt.date:
    return day.astype("datetime64[D]").astype(object)  # type: ignore[no-any-return]  # datetime64[D] becomes a date
