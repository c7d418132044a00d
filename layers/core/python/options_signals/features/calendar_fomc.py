"""What the FOMC did to its target for the federal funds rate, and when the public learnt it.

Dates are those of the announcement, percent a year; before 2008-12-16 the target was one number. Source: Federal
Reserve Board, "FOMC's target federal funds rate or range, change and level" (federalreserve.gov, open market
operations). Extend TARGETS and KNOWN_THROUGH together: after that day the answer is NaN, never the last known one.
"""

import numpy as np
import numpy.typing as npt

from options_signals.features.arrays import FloatArray
from options_signals.sessions import all_sessions

KNOWN_FROM = np.datetime64("1994-02-04")  # the first change that was announced on the day it was made
KNOWN_THROUGH = np.datetime64("2026-10-27")  # the day before the first decision that is not in here

TARGETS: tuple[tuple[str, float, float], ...] = (
    # (announced, lower, upper); the first two rows say what the first announced change changed
    ("1992-07-02", 3.25, 3.25),
    ("1992-09-04", 3.00, 3.00),
    ("1994-02-04", 3.25, 3.25),
    ("1994-03-22", 3.50, 3.50),
    ("1994-04-18", 3.75, 3.75),
    ("1994-05-17", 4.25, 4.25),
    ("1994-08-16", 4.75, 4.75),
    ("1994-11-15", 5.50, 5.50),
    ("1995-02-01", 6.00, 6.00),
    ("1995-07-06", 5.75, 5.75),
    ("1995-12-19", 5.50, 5.50),
    ("1996-01-31", 5.25, 5.25),
    ("1997-03-25", 5.50, 5.50),
    ("1998-09-29", 5.25, 5.25),
    ("1998-10-15", 5.00, 5.00),
    ("1998-11-17", 4.75, 4.75),
    ("1999-06-30", 5.00, 5.00),
    ("1999-08-24", 5.25, 5.25),
    ("1999-11-16", 5.50, 5.50),
    ("2000-02-02", 5.75, 5.75),
    ("2000-03-21", 6.00, 6.00),
    ("2000-05-16", 6.50, 6.50),
    ("2001-01-03", 6.00, 6.00),
    ("2001-01-31", 5.50, 5.50),
    ("2001-03-20", 5.00, 5.00),
    ("2001-04-18", 4.50, 4.50),
    ("2001-05-15", 4.00, 4.00),
    ("2001-06-27", 3.75, 3.75),
    ("2001-08-21", 3.50, 3.50),
    ("2001-09-17", 3.00, 3.00),
    ("2001-10-02", 2.50, 2.50),
    ("2001-11-06", 2.00, 2.00),
    ("2001-12-11", 1.75, 1.75),
    ("2002-11-06", 1.25, 1.25),
    ("2003-06-25", 1.00, 1.00),
    ("2004-06-30", 1.25, 1.25),
    ("2004-08-10", 1.50, 1.50),
    ("2004-09-21", 1.75, 1.75),
    ("2004-11-10", 2.00, 2.00),
    ("2004-12-14", 2.25, 2.25),
    ("2005-02-02", 2.50, 2.50),
    ("2005-03-22", 2.75, 2.75),
    ("2005-05-03", 3.00, 3.00),
    ("2005-06-30", 3.25, 3.25),
    ("2005-08-09", 3.50, 3.50),
    ("2005-09-20", 3.75, 3.75),
    ("2005-11-01", 4.00, 4.00),
    ("2005-12-13", 4.25, 4.25),
    ("2006-01-31", 4.50, 4.50),
    ("2006-03-28", 4.75, 4.75),
    ("2006-05-10", 5.00, 5.00),
    ("2006-06-29", 5.25, 5.25),
    ("2007-09-18", 4.75, 4.75),
    ("2007-10-31", 4.50, 4.50),
    ("2007-12-11", 4.25, 4.25),
    ("2008-01-22", 3.50, 3.50),
    ("2008-01-30", 3.00, 3.00),
    ("2008-03-18", 2.25, 2.25),
    ("2008-04-30", 2.00, 2.00),
    ("2008-10-08", 1.50, 1.50),
    ("2008-10-29", 1.00, 1.00),
    ("2008-12-16", 0.00, 0.25),
    ("2015-12-16", 0.25, 0.50),
    ("2016-12-14", 0.50, 0.75),
    ("2017-03-15", 0.75, 1.00),
    ("2017-06-14", 1.00, 1.25),
    ("2017-12-13", 1.25, 1.50),
    ("2018-03-21", 1.50, 1.75),
    ("2018-06-13", 1.75, 2.00),
    ("2018-09-26", 2.00, 2.25),
    ("2018-12-19", 2.25, 2.50),
    ("2019-07-31", 2.00, 2.25),
    ("2019-09-18", 1.75, 2.00),
    ("2019-10-30", 1.50, 1.75),
    ("2020-03-03", 1.00, 1.25),
    ("2020-03-15", 0.00, 0.25),
    ("2022-03-16", 0.25, 0.50),
    ("2022-05-04", 0.75, 1.00),
    ("2022-06-15", 1.50, 1.75),
    ("2022-07-27", 2.25, 2.50),
    ("2022-09-21", 3.00, 3.25),
    ("2022-11-02", 3.75, 4.00),
    ("2022-12-14", 4.25, 4.50),
    ("2023-02-01", 4.50, 4.75),
    ("2023-03-22", 4.75, 5.00),
    ("2023-05-03", 5.00, 5.25),
    ("2023-07-26", 5.25, 5.50),
    ("2024-09-18", 4.75, 5.00),
    ("2024-11-07", 4.50, 4.75),
    ("2024-12-18", 4.25, 4.50),
    ("2025-09-17", 4.00, 4.25),
    ("2025-10-29", 3.75, 4.00),
    ("2025-12-10", 3.50, 3.75),
    ("2026-09-16", 3.75, 4.00),
)


def policy_columns(sessions: npt.NDArray[np.datetime64]) -> dict[str, FloatArray]:
    """What was known of the FOMC's target at the close of each session; NaN outside KNOWN_FROM to KNOWN_THROUGH.

    Returns
    -------
    dict of float64 arrays
        `policy_change`: the last change of the upper bound, percentage points (0.25 = 25 basis points up).
        `policy_change_age`: exchange sessions since it, 0 on the day (on Monday for one announced on a Sunday).
        `policy_reversal_age`: sessions since the last change against the direction of the one before it.
    """
    announced = np.array([day for day, _, _ in TARGETS[1:]], dtype="datetime64[D]")
    moves = np.diff([upper for _, _, upper in TARGETS])
    reversals = announced[1:][np.sign(moves[1:]) != np.sign(moves[:-1])]
    covered = (sessions >= KNOWN_FROM) & (sessions <= KNOWN_THROUGH)
    inside = sessions[covered]
    columns = {
        "policy_change": moves[_last(announced, inside)],
        "policy_change_age": _sessions_between(announced[_last(announced, inside)], inside),
        "policy_reversal_age": _sessions_between(reversals[_last(reversals, inside)], inside),
    }
    return {name: _spread(values, covered) for name, values in columns.items()}


def _last(days: npt.NDArray[np.datetime64], sessions: npt.NDArray[np.datetime64]) -> npt.NDArray[np.intp]:
    return np.searchsorted(days, sessions, side="right") - 1


def _sessions_between(
    first: npt.NDArray[np.datetime64], last: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.signedinteger]:
    return np.searchsorted(all_sessions(), last) - np.searchsorted(all_sessions(), first)


def _spread(values: npt.NDArray[np.number], covered: npt.NDArray[np.bool_]) -> FloatArray:
    column = np.full(len(covered), np.nan)
    column[covered] = values
    return column
