"""An account's own history of implied volatility: a row a session for each chain, carried from snapshot to snapshot."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from options_signals import sessions, snapshot
from options_signals.chain.book import Book
from options_signals.chain.summary import YEAR_SESSIONS, ChainSummary, history_rows, own_history, summarise
from options_signals.errors import CorruptError, NotFoundError, StaleRatesError
from options_signals.features.announcements import next_announcement
from options_signals.features.inputs import OWN_INDEX
from options_signals.jobs.delivery import Delivery
from options_signals.jobs.messages import Plan, Run
from options_signals.lake import ObjectStore
from options_signals.pricing.discount import RateCurve, rate_curve
from options_signals.settings import Settings, Tickets
from options_signals.snapshot import Origin, OwnIv, TableRef
from options_signals.strategy.facts import Facts
from options_signals.strategy.ticket import unfit_chain
from options_signals.tables import CHAIN, EARNINGS, IV_HISTORY, MACRO, validate

KEPT_SESSIONS = 3 * YEAR_SESSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVolatility:
    """What the account knows by now.

    Attributes
    ----------
    history
        Table `iv_history`: rows of the session and of those before it.
    years
        The tickers without an index of their own whose options have a year of history.
    absent
        In words which chains of the session gave no row, and which stored rows could not be read.
    """

    history: pd.DataFrame
    years: Mapping[str, OwnIv]
    absent: tuple[str, ...]

    def stored(self, store: ObjectStore, run: Run, *, now: dt.datetime) -> dict[str, TableRef]:
        """The table in the session's snapshot, by its name; nothing where it has no row."""
        if self.history.empty:
            return {}
        prefix = snapshot.prefix_of(run.namespace, run.session, run.attempt)
        origin = Origin(source="own option chains", captured_at=now, rights="derived, under the terms of the chains")
        return {IV_HISTORY.name: snapshot.write_table(store, prefix, IV_HISTORY, self.history, origin)}


def own_iv(store: ObjectStore, run: Run, plan: Plan, delivery: Delivery, settings: Settings) -> OwnVolatility:
    """The history that earlier snapshots hold, grown by what the session's chains say.

    Parameters
    ----------
    delivery
        With the chains, where there are any.
    """
    today, lacking = summaries(delivery, settings.tickets, run.session)
    rows, unread = _stored_rows(store, run, plan.earlier)
    history = grown(rows, today, session=run.session)
    without_index = [ticker for ticker in settings.tickers if ticker not in OWN_INDEX]
    known = {ticker: own_history(history, ticker, session=run.session) for ticker in without_index}
    years = {
        ticker: OwnIv(sessions=len(year), served=ticker in plan.own_iv)
        for ticker, year in known.items()
        if year is not None
    }
    return OwnVolatility(history=history, years=years, absent=(*lacking, *unread))


def grown(stored: pd.DataFrame, today: Sequence[ChainSummary], *, session: dt.date) -> pd.DataFrame:
    """Table `iv_history` with the session's rows and those of the 755 sessions before it; none of a later day.

    Parameters
    ----------
    stored
        Rows as snapshots hold them, twins allowed: of those the first counts, and the session's own before it.
    """
    rows = pd.concat([history_rows(today), stored], ignore_index=True).drop_duplicates(list(IV_HISTORY.key))
    first = sessions.shift(session, 1 - KEPT_SESSIONS)
    return validate(IV_HISTORY, rows[rows["session"].between(pd.Timestamp(first), pd.Timestamp(session))])


def summaries(
    delivery: Delivery, limits: Tickets, session: dt.date
) -> tuple[tuple[ChainSummary, ...], tuple[str, ...]]:
    """The summary of each chain delivered, and in words which of them say nothing of 30 days, and why."""
    answers = dict(_answers(delivery, limits, session)) if CHAIN in delivery.tables else {}
    without: dict[str, list[str]] = {}
    for underlying, answer in answers.items():
        if lack := _lack(answer):
            without.setdefault(lack, []).append(underlying)
    absent = tuple(f"own implied volatility of {', '.join(names)} ({reason})" for reason, names in without.items())
    return tuple(answer for answer in answers.values() if isinstance(answer, ChainSummary)), absent


def _lack(answer: ChainSummary | str) -> str:
    if isinstance(answer, str):
        return answer
    return "no smile on both sides of 30 days" if answer.atm_iv_30d is None else ""


def _answers(delivery: Delivery, limits: Tickets, session: dt.date) -> Iterator[tuple[str, ChainSummary | str]]:
    rates, bars = _rates(delivery, session), delivery.bars.frame
    closes = bars[bars["session"] == pd.Timestamp(session)].set_index("ticker")["close"]
    for name, chain in delivery.tables[CHAIN].frame.groupby("underlying"):
        underlying = str(name)
        if isinstance(rates, str):
            yield underlying, rates
        else:
            facts = Facts(session=session, rates=rates, spot=float(closes[underlying]))
            yield underlying, _summary(chain, facts, limits, _reaction_on(underlying, delivery, session))


def _summary(chain: pd.DataFrame, facts: Facts, limits: Tickets, reaction_on: dt.date | None) -> ChainSummary | str:
    if unfit := unfit_chain(chain, facts, limits):
        return unfit.reason
    return summarise(Book(chain, session=facts.session, rates=facts.rates), reaction_on=reaction_on)


def _rates(delivery: Delivery, session: dt.date) -> RateCurve | str:
    macro = delivery.tables[MACRO].frame if MACRO in delivery.tables else MACRO.empty()
    try:
        return rate_curve(macro, wanted=session)
    except (NotFoundError, StaleRatesError) as error:
        return str(error)


def _reaction_on(ticker: str, delivery: Delivery, session: dt.date) -> dt.date | None:
    """The session that follows the next announcement for certain; None where today's prices may know it already."""
    if EARNINGS not in delivery.tables:
        return None
    ahead = next_announcement(ticker, delivery.tables[EARNINGS].frame, session=session)
    return ahead.last_reaction if ahead and ahead.first_reaction > session else None


def _stored_rows(store: ObjectStore, run: Run, earlier: Sequence[Run]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Every row that earlier snapshots hold, the newest snapshot's first, and which of them could not be read.

    An earlier attempt at the same session is one of them: a chain that was there then may not be had again.
    """
    numbers = snapshot.committed_attempts(store, run.namespace, run.session)
    attempts = [run.model_copy(update={"attempt": number}) for number in numbers if number < run.attempt]
    parts, unread = [IV_HISTORY.empty()], []
    for one in (*attempts[::-1], *earlier):
        try:
            parts.append(_rows_of(store, one))
        except (CorruptError, NotFoundError) as error:
            unread.append(f"own implied volatility as stored for {one.session} ({error})")
    return pd.concat(parts, ignore_index=True), tuple(unread)


def _rows_of(store: ObjectStore, run: Run) -> pd.DataFrame:
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    return snapshot.table_of(store, manifest, IV_HISTORY)
