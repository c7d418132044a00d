"""Everything the providers are asked for one session."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from options_signals import sessions
from options_signals.errors import NoIndexError, SignalError
from options_signals.features.announcements import SESSIONS_BEFORE_WINDOW, under_todays_names
from options_signals.features.inputs import (
    DAILY_SERIES,
    MACRO_SERIES,
    MARKET_INDICES,
    OWN_INDEX,
    STALE_DAILY,
    UNDERLYING,
    WINDOW,
    index_of,
)
from options_signals.jobs.witnesses import INDICES, PRICES, confirmed
from options_signals.models.card import World
from options_signals.settings import Settings, Tickets
from options_signals.snapshot import Origin
from options_signals.sources.base import REPORTS_NOTHING, ChainSource, DividendSource, Fetched, Sources
from options_signals.tables import BARS, CHAIN, DIVIDENDS, EARNINGS, MACRO, SENTIMENT, VOL_INDICES, Table

SPARE_SESSIONS = 10
MACRO_DAYS = 3 * 366  # a year-over-year value, its change over 3 months, and the window before it
EARNINGS_DAYS = 3 * 366  # eight announcements and those around them
EARNINGS_AHEAD = 60  # calendar days
NAMED_BY = dt.timedelta(days=80)  # after an announcement the date of the next one is known, ten sessions ahead of it
DIVIDEND_DAYS = 3 * 366  # three years' rhythm, for those who pay once a year
DIVIDENDS_AHEAD = 90  # the longest that a ticket's expiry lies ahead

# Tables whose names age apart, and the column by which each table ages.
BY_NAME = (VOL_INDICES, MACRO)
AGE = {
    BARS: "session",
    VOL_INDICES: "session",
    MACRO: "observed_on",
    SENTIMENT: "captured_at",
    EARNINGS: "known_on",
    DIVIDENDS: "known_on",
    CHAIN: "captured_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The tables as delivered.

    Attributes
    ----------
    tables
        What there is: always `bars` and `vol_indices`, but nothing where no provider could be reached.
    absent
        Inputs that are not there, with the reason where somebody should have delivered them.
    doubts
        What a trader should know of the data of every ticker.
    undated
        Companies whose next announcement of earnings is not known, and why.
    """

    tables: dict[Table, Fetched]
    absent: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    undated: Mapping[str, str] = field(default_factory=dict)

    @property
    def bars(self) -> Fetched:
        """Of the watchlist, and of what its proxies speak of."""
        return self.tables[BARS]

    @property
    def vol_indices(self) -> Fetched:
        """Those of the watchlist, VIX and VIX3M."""
        return self.tables[VOL_INDICES]

    @property
    def newest(self) -> dict[str, dt.date]:
        """The newest day each input speaks of: `bars`, `vol_indices VIX`, `macro DGS10`, `earnings`."""
        days: dict[str, dt.date] = {}
        for table, fetched in self.tables.items():
            days |= {name: _new_york_date(day) for name, day in _newest(table, fetched).items()}
        return days


def _newest(table: Table, fetched: Fetched) -> dict[str, pd.Timestamp]:
    ages = fetched.frame[AGE[table]].dropna()
    if table in BY_NAME:
        return {f"{table.name} {name}": day for name, day in ages.groupby(fetched.frame[table.key[0]]).max().items()}
    return {table.name: ages.max()} if len(ages) else {}


def _new_york_date(day: pd.Timestamp) -> dt.date:
    """Of an instant the date in New York; a date as it is."""
    return (day if day.tz is None else day.tz_convert(sessions.NEW_YORK)).date()


def ask(sources: Sources, settings: Settings, session: dt.date) -> Delivery:
    """Ask every provider of this world for what the session needs.

    Raises
    ------
    Retryable
        Where bars, volatility indices or macro series could not be had at all. Sentiment and earnings are extras:
        the day goes on without them and says so.
    """
    tables, doubts = _compared(sources, settings, session)
    if sources.macro is not None:
        first = session - dt.timedelta(days=MACRO_DAYS)
        tables[MACRO] = sources.macro.macro(MACRO_SERIES, first=first, last=session)
    extras, absent = _extras(sources, settings, session)
    undated = _undated(extras.get(EARNINGS), sources.world, settings, session)
    delivery = Delivery(tables=tables | extras, undated=undated)
    return replace(
        delivery,
        absent=(*_absent_macro(delivery), *absent, *_named(undated if EARNINGS in extras else {})),
        doubts=(*doubts, *_old_macro(delivery, session)),
    )


def with_chains(
    delivery: Delivery, source: ChainSource, limits: Tickets, session: dt.date, tickers: Sequence[str]
) -> tuple[Delivery, Mapping[str, str]]:
    """The delivery with the option chains of these tickers, at most `tickets.max_chains` of them.

    Returns
    -------
    delivery
        With the table, or with the reason in `absent` why there is none.
    unquoted
        Why a ticker has no chain.
    """
    asked, others = tickers[: limits.max_chains], tickers[limits.max_chains :]
    beyond = f"chains are fetched of the first {limits.max_chains} tickers (tickets.max_chains)"
    fewer = (f"option chains of {len(others)} tickers: {beyond}",) if others else ()
    fetched = _delivered(CHAIN, lambda: source.chain(asked, session=session))
    if isinstance(fetched, str):
        unquoted = dict.fromkeys(asked, f"none could be had: {fetched}") | dict.fromkeys(others, beyond)
        return replace(delivery, absent=(*delivery.absent, fetched, *fewer)), unquoted
    chains = fetched.frame[fetched.frame["underlying"].isin(asked)]  # more may come, of which no bar is known
    there = set(chains["underlying"])
    silent = {ticker: fetched.failures.get(ticker, "no row") for ticker in asked if ticker not in there}
    told = replace(fetched, frame=chains.reset_index(drop=True))
    return (
        replace(delivery, tables=delivery.tables | {CHAIN: told}, absent=(*delivery.absent, *fewer)),
        silent | dict.fromkeys(others, beyond),
    )


def tickers_of(settings: Settings) -> list[str]:
    """The watchlist, and the underlyings of its proxy indices: those indices are compared with their own."""
    proxies = {settings.allow_iv_proxy[ticker] for ticker in settings.tickers if ticker in settings.allow_iv_proxy}
    return sorted({*settings.tickers, *(UNDERLYING[index] for index in proxies)})


def _compared(sources: Sources, settings: Settings, session: dt.date) -> tuple[dict[Table, Fetched], tuple[str, ...]]:
    """Bars and volatility indices, each confirmed by a second source where this world has one."""
    before_window = SPARE_SESSIONS if sources.earnings is None else SESSIONS_BEFORE_WINDOW
    first = sessions.shift(session, -(WINDOW + before_window))
    tickers, indices = tickers_of(settings), _indices_of(settings)
    bars = sources.bars.bars(tickers, first=first, last=session)
    levels = sources.vol_indices.vol_indices(indices, first=first, last=session)
    doubts: tuple[str, ...] = ()
    if (prices := sources.second_bars) is not None:
        bars, doubts = confirmed(bars, lambda: prices.bars(tickers, first=session, last=session), session, PRICES)
    if (others := sources.second_vol_indices) is not None:
        levels, more = confirmed(
            levels, lambda: others.vol_indices(indices, first=session, last=session), session, INDICES
        )
        doubts += more
    return {BARS: bars, VOL_INDICES: levels}, doubts


def _indices_of(settings: Settings) -> list[str]:
    own = {index for ticker in settings.tickers if (index := _index_or_none(ticker, settings))}
    return sorted(own.union(MARKET_INDICES))


def _index_or_none(ticker: str, settings: Settings) -> str | None:
    try:
        return index_of(ticker, settings.allow_iv_proxy)
    except NoIndexError:
        return None


def _extras(sources: Sources, settings: Settings, session: dt.date) -> tuple[dict[Table, Fetched], tuple[str, ...]]:
    """Sentiment, earnings, dividends; what is not there is named, with the reason where somebody should deliver it.

    Dividends that nobody delivers are not named: each ticket they matter to says so.
    """
    tickers = list(settings.tickers)
    span = session - dt.timedelta(days=EARNINGS_DAYS), session + dt.timedelta(days=EARNINGS_AHEAD)
    questions: dict[Table, Callable[[], Fetched] | None] = {SENTIMENT: None, EARNINGS: None}
    if (talk := sources.sentiment) is not None:
        questions[SENTIMENT] = lambda: talk.sentiment(tickers, first=session, last=session)
    if (calendar := sources.earnings) is not None:
        questions[EARNINGS] = lambda: _known_by(session, calendar.earnings(tickers, first=span[0], last=span[1]))
    if (payouts := sources.dividends) is not None:
        questions[DIVIDENDS] = lambda: _declared_by(session, payouts, tickers)
    answers = {table: _delivered(table, question) for table, question in questions.items()}
    there = {table: answer for table, answer in answers.items() if isinstance(answer, Fetched)}
    absent = tuple(answer for answer in answers.values() if isinstance(answer, str))
    return there, absent


def _undated(earnings: Fetched | None, world: World, settings: Settings, session: dt.date) -> dict[str, str]:
    """The companies whose next date is not known, and why: nothing keeps their trades out of earnings.

    Funds report nothing: those with an index of their own, and what a provider calls one. Nobody does on the simulated
    market.
    """
    companies = [ticker for ticker in settings.tickers if ticker not in OWN_INDEX and world == "market"]
    if earnings is None:
        return dict.fromkeys(companies, "no calendar was delivered")
    newest = under_todays_names(earnings.frame).groupby("ticker")["announced_on"].max()
    late = {
        ticker: f"no date since {newest[ticker]:%Y-%m-%d}"
        for ticker in companies
        if ticker in newest and newest[ticker] < pd.Timestamp(session - NAMED_BY)
    }
    silent = {ticker: earnings.failures.get(ticker, "no date") for ticker in companies if ticker not in newest}
    return late | {ticker: why for ticker, why in silent.items() if REPORTS_NOTHING not in why}


def _named(undated: Mapping[str, str]) -> Iterator[str]:
    """Those companies in one line, and why of the first."""
    if undated:
        yield f"{EARNINGS.name} of {', '.join(undated)} ({next(iter(undated.values()))})"


def _known_by(session: dt.date, earnings: Fetched) -> Fetched:
    """Without dates that were told later, and without the results of announcements to come."""
    day, frame = pd.Timestamp(session), earnings.frame
    told = frame["known_on"].fillna(frame["announced_on"]) <= day
    results = frame["eps_actual"].where(frame["announced_on"] <= day)
    known = frame.assign(eps_actual=results)[told].reset_index(drop=True)
    return replace(earnings, frame=known, origin=_without_later_rows(earnings.origin, session))


def _without_later_rows(origin: Origin, session: dt.date) -> Origin:
    """A folder's capture time is that of its newest row; those after the session have just been left out."""
    if not origin.source.startswith("files:"):
        return origin
    return origin.model_copy(update={"captured_at": min(origin.captured_at, sessions.close_of(session))})


def _declared_by(session: dt.date, source: DividendSource, tickers: Sequence[str]) -> Fetched:
    """Without dividends that were declared later; one without a day of its own is known on its ex-date."""
    days, ahead = dt.timedelta(days=DIVIDEND_DAYS), dt.timedelta(days=DIVIDENDS_AHEAD)
    found = source.dividends(tickers, first=session - days, last=session + ahead)
    told = found.frame["known_on"].fillna(found.frame["ex_date"]) <= pd.Timestamp(session)
    return replace(found, frame=found.frame[told].reset_index(drop=True))


def _delivered(table: Table, question: Callable[[], Fetched] | None) -> Fetched | str:
    """The answer, or in words what is absent."""
    if question is None:
        return table.name
    try:
        fetched = question()
    except SignalError as error:
        return f"{table.name} ({error})"
    nothing = next(iter(fetched.failures.values()), "no row")
    return fetched if len(fetched.frame) else f"{table.name} ({fetched.origin.source}: {nothing})"


def _absent_macro(delivery: Delivery) -> tuple[str, ...]:
    if MACRO not in delivery.tables:
        return (MACRO.name,)
    return tuple(f"{series} ({why})" for series, why in delivery.tables[MACRO].failures.items())


def _old_macro(delivery: Delivery, session: dt.date) -> tuple[str, ...]:
    """Daily series whose newest value is so old that the features made from it are unknown."""
    oldest = sessions.shift(session, -(STALE_DAILY + 1))  # it was published a session after its day
    days = {series: delivery.newest.get(f"{MACRO.name} {series}") for series in DAILY_SERIES}
    return tuple(
        f"{series} has no value since {day}; features that need it are unknown"
        for series, day in days.items()
        if day and day < oldest
    )
