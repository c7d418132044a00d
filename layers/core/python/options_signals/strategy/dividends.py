"""The dividends a trade may meet: those announced, and the next one after them by the underlying's own rhythm."""

import datetime as dt

import numpy as np
import pandas as pd

from options_signals.strategy.facts import Dividend

LEAST_GAPS = 2  # fewer are no rhythm
DAY = dt.timedelta(days=1)


def dividends_ahead(known: pd.DataFrame, ticker: str, session: dt.date) -> tuple[Dividend, ...] | None:
    """Those after the session, ascending; the last one is expected, not announced, where there is a rhythm.

    The usual gap is the median of the gaps between ex-dates, in calendar days; the amount is the last one. An
    ex-date that was due and is overdue by up to half a gap may be any day, the next one first; one that is overdue for
    longer was given up.

    Parameters
    ----------
    known
        Table `dividends`, of any tickers: what was known on the evening of the session.

    Returns
    -------
    tuple
        Empty where none is to come. None where nobody knows: no dividend of the ticker is in the table, or so few
        that they are no rhythm and none is announced.
    """
    own = known[known["ticker"] == ticker].sort_values("ex_date")
    ahead = own[own["ex_date"] > pd.Timestamp(session)]
    announced = tuple(
        Dividend(ex_date=ex_date.date(), amount=float(amount))
        for ex_date, amount in zip(ahead["ex_date"], ahead["amount"], strict=True)
    )
    if len(own) <= LEAST_GAPS:
        return announced or None
    due = _due(own["ex_date"], session)
    return announced if due is None else (*announced, _expected(due, float(own["amount"].iloc[-1])))


def _due(ex_dates: pd.Series, session: dt.date) -> dt.date | None:
    days = ex_dates.to_numpy().astype("datetime64[D]")
    gap = float(np.median(np.diff(days).astype(np.float64)))
    due: dt.date = days[-1].item() + dt.timedelta(days=round(gap))
    return max(due, session + DAY) if (session - due).days <= gap / 2 else None


def _expected(ex_date: dt.date, amount: float) -> Dividend:
    return Dividend(ex_date=ex_date, amount=amount, announced=False)
