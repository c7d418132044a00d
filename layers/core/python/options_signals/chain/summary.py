"""What one session's chain says of an underlying's volatility, in a handful of numbers to keep for ever.

A year of them is the underlying's own history of implied volatility, in the place of another market's index.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from options_signals import sessions
from options_signals.chain.book import Book
from options_signals.pricing.black_scholes import DAYS_PER_YEAR
from options_signals.pricing.normal import FloatArray, cdf
from options_signals.pricing.smile import Smile, calendar_gap
from options_signals.tables import IV_HISTORY, validate

MONTH, QUARTER = 30, 90  # calendar days
WING_DELTA = 0.25
YEAR_SESSIONS, ENOUGH_SESSIONS = 252, 240  # an IV rank needs a year, of which 12 sessions may be missing

_DEVIATIONS = np.linspace(-4.0, 4.0, 401)


class ChainSummary(BaseModel):
    """One underlying after one session. None where the chain cannot say it: nothing is extrapolated.

    Attributes
    ----------
    atm_iv_30d, atm_iv_90d
        Implied volatility at the forward, decimal per year (0.20 = 20 %); total variance is linear between expiries.
    skew_25d_30d
        Volatility of the 0.25-delta put less that of the 0.25-delta call (forward deltas), decimal per year.
    term_slope
        `atm_iv_90d - atm_iv_30d`: above 0 in quiet markets, below 0 under stress.
    implied_earnings_move
        One standard deviation of the underlying's move on the next announcement, decimal (0.05 = 5 %), or None
        without a date.
    quotes, faults
        Rows of the chain, and how many each fault took out.
    calendar_conflicts
        Pairs of neighbouring expiries of those used whose total variance falls from the nearer to the farther.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    underlying: str
    session: dt.date
    spot: float
    atm_iv_30d: float | None
    atm_iv_90d: float | None
    skew_25d_30d: float | None
    term_slope: float | None
    implied_earnings_move: float | None
    quotes: int
    faults: dict[str, int]
    calendar_conflicts: int


def summarise(book: Book, *, reaction_on: dt.date | None = None) -> ChainSummary:
    """The summary of a chain.

    Parameters
    ----------
    book
        The chain of one session.
    reaction_on
        First session whose close follows the next announcement for certain, where one is known; see `earnings_move`.
    """
    month, quarter = around(book, MONTH), around(book, QUARTER)
    atm_30, atm_90 = _at_the_money(month, MONTH), _at_the_money(quarter, QUARTER)
    used = sorted({smile.years: smile for smile in (*month, *quarter)}.values(), key=lambda smile: smile.years)
    return ChainSummary(
        underlying=book.underlying,
        session=book.session,
        spot=book.spot,
        atm_iv_30d=atm_30,
        atm_iv_90d=atm_90,
        skew_25d_30d=_skew(month, MONTH),
        term_slope=None if atm_30 is None or atm_90 is None else atm_90 - atm_30,
        implied_earnings_move=None if reaction_on is None else earnings_move(book, reaction_on),
        quotes=len(book.quotes),
        faults={str(fault): count for fault, count in book.faults.items()},
        calendar_conflicts=sum(calendar_gap(near, far) < 0 for near, far in pairwise(used)),
    )


def around(book: Book, days: int) -> tuple[Smile, ...]:
    """The smiles of the expiries next to a number of calendar days: before and after it, or the one that hits it."""
    before = _first_smile(book, [day for day in reversed(book.expirations) if book.days(day) <= days])
    after = _first_smile(book, [day for day in book.expirations if book.days(day) >= days])
    if before is None or after is None:
        return ()
    return (before,) if before == after else (before, after)


def interpolated(smiles: tuple[Smile, ...], days: int, log_moneyness: FloatArray) -> FloatArray:
    """Volatility between two expiries at `ln(strike / forward)`: total variance is linear in time.

    Parameters
    ----------
    smiles
        One or two, as `around` gives them for these days.
    """
    years = days / DAYS_PER_YEAR
    variances = [smile.curve.at(log_moneyness).value for smile in smiles]
    near, far = smiles[0].years, smiles[-1].years
    share = (years - near) / (far - near) if far > near else 0.0
    return np.sqrt(((1 - share) * variances[0] + share * variances[-1]) / years)


def earnings_move(book: Book, reaction_on: dt.date) -> float | None:
    """One standard deviation of the move that expiries around an announcement price into its reaction session.

    An option that expires on the reaction session or later holds the move: on the day of an announcement before the
    open, but only on the session after one that comes after the close. The variance per day without the announcement
    comes from the two first of these expiries, the announcement's own is what the first of them has more than that.
    None where there are no two of them, or nothing is left, or the session itself has reacted.
    Source: Dubinsky, Johannes, Kaeck and Seeger, Option pricing of earnings announcement risks, 2019.
    """
    after = [day for day in book.expirations if day >= reaction_on]
    smiles = [smile for day in after[:2] if isinstance(smile := book.smile(day), Smile)]
    if reaction_on <= book.session or len(smiles) < 2:
        return None
    near, far = smiles
    first, second = near.at_the_money**2 * near.years, far.at_the_money**2 * far.years
    own = first - (second - first) / (far.years - near.years) * near.years
    return float(np.sqrt(own)) if own > 0 else None


def history_rows(summaries: Sequence[ChainSummary]) -> pd.DataFrame:
    """Table `iv_history`: one row for each summary of a session, to be kept with the session."""
    names = [column.name for column in IV_HISTORY.columns]
    rows = pd.DataFrame([summary.model_dump(include=set(names)) for summary in summaries], columns=names)
    return validate(IV_HISTORY, rows) if summaries else IV_HISTORY.empty()


def own_history(history: pd.DataFrame, underlying: str, *, session: dt.date) -> pd.Series | None:
    """An underlying's own implied volatility by session, once there is a year of it; until then None.

    Parameters
    ----------
    history
        Table `iv_history`; rows after `session` are not looked at.

    Returns
    -------
    Series of float64, index session ascending
        The values of the last 252 sessions of the exchange, at least 240 of them known and the session's own among
        them.
    """
    own = history[history["underlying"] == underlying].set_index("session")["atm_iv_30d"].astype("float64")
    year = sessions.between(sessions.shift(session, 1 - YEAR_SESSIONS), session)
    values = own.reindex(pd.DatetimeIndex(year, name="session")).dropna()
    enough = len(values) >= ENOUGH_SESSIONS and values.index[-1] == pd.Timestamp(session)
    return values if enough else None


def _first_smile(book: Book, expirations: list[dt.date]) -> Smile | None:
    return next((smile for day in expirations if isinstance(smile := book.smile(day), Smile)), None)


def _at_the_money(smiles: tuple[Smile, ...], days: int) -> float | None:
    return float(interpolated(smiles, days, np.zeros(1))[0]) if smiles else None


def _skew(smiles: tuple[Smile, ...], days: int) -> float | None:
    if not smiles:
        return None
    years = days / DAYS_PER_YEAR
    k = _DEVIATIONS * smiles[-1].at_the_money * np.sqrt(years)
    volatility = interpolated(smiles, days, k)
    total = volatility * np.sqrt(years)
    call_delta = cdf(-k / total + 0.5 * total)  # falls with the strike
    call, put = np.interp([WING_DELTA, 1 - WING_DELTA], call_delta[::-1], volatility[::-1])
    return float(put - call)
