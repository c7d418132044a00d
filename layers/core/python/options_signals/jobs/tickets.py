"""The ticket of each signal, from what the snapshot holds: its chain, its discount rates and its bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeGuard

import pandas as pd

from options_signals import snapshot
from options_signals.errors import NotFoundError, StaleRatesError
from options_signals.jobs.portfolio import holdings_in
from options_signals.lake import ObjectStore
from options_signals.pricing.discount import RateCurve, rate_curve
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.dividends import dividends_ahead
from options_signals.strategy.facts import Facts
from options_signals.strategy.ticket import make_ticket, without_ticket
from options_signals.tables import BARS, CHAIN, DIVIDENDS, MACRO
from options_signals.tickets import NoTicket, Refusal, Ticket


def with_tickets(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], *, store: ObjectStore
) -> tuple[Signal | NoTrade, ...]:
    """The decisions, each signal with its ticket or the refusal of one; as they were where no chains were asked for.

    The ticket's contracts follow the signal's size; a signal that has its ticket already keeps it.
    """
    if manifest.unquoted is None or not any(_lacks_ticket(one) for one in decisions):
        return tuple(decisions)
    known = Known.of(manifest, store)
    chains = snapshot.table_of(store, manifest, CHAIN)
    return tuple(
        one.model_copy(update={"ticket": _answer(one, chains, known, manifest.unquoted.get(one.ticker))})
        if _lacks_ticket(one)
        else one
        for one in decisions
    )


def _lacks_ticket(decision: Signal | NoTrade) -> TypeGuard[Signal]:
    return isinstance(decision, Signal) and decision.ticket is None


def _answer(signal: Signal, chains: pd.DataFrame, known: "Known", unquoted: str | None) -> Ticket | NoTicket:
    if unquoted is not None:
        return without_ticket(signal, Refusal.NO_CHAIN, unquoted)
    answer = ticket_of(signal, chains, known)
    if isinstance(answer, NoTicket) and known.settings.portfolio.limits_greeks:
        return answer.model_copy(update={"alternative": None})  # nobody has counted its Greeks
    return answer


@dataclass(frozen=True, slots=True)
class Known:
    """What the snapshot knows of a session beside its chains.

    Attributes
    ----------
    rates
        Discount rates, or in words why there are none to use.
    halted
        Tickers of which nothing was traded that session.
    dividends
        Table `dividends`; without rows where nobody delivers it.
    """

    rates: RateCurve | str
    halted: frozenset[str]
    dividends: pd.DataFrame
    settings: Settings

    @classmethod
    def of(cls, manifest: Manifest, store: ObjectStore) -> Self:
        """Read from the tables that the manifest pins."""
        bars = snapshot.table_of(store, manifest, BARS)
        still = (bars["session"] == pd.Timestamp(manifest.session)) & (bars["volume"] == 0)
        try:
            rates: RateCurve | str = rate_curve(snapshot.table_of(store, manifest, MACRO), wanted=manifest.session)
        except (NotFoundError, StaleRatesError) as error:
            rates = str(error)
        dividends = snapshot.table_of(store, manifest, DIVIDENDS)
        return cls(rates, frozenset(bars["ticker"][still]), dividends, _sized(manifest, store))


def _sized(manifest: Manifest, store: ObjectStore) -> Settings:
    """The settings, with the account as large as its newest equity says: 1 % of it is what may be lost."""
    settings = Settings.model_validate(manifest.settings)
    account_usd = holdings_in(manifest, store).account_usd(settings.risk.account_usd)
    risk = settings.risk.model_copy(update={"account_usd": account_usd})
    return settings.model_copy(update={"risk": risk})


def ticket_of(signal: Signal, chains: pd.DataFrame, known: Known) -> Ticket | NoTicket:
    """The ticket of one signal from table `chain`, or its refusal."""
    if isinstance(known.rates, str):
        return without_ticket(signal, Refusal.STALE_RATES, known.rates)
    facts = Facts(
        session=signal.session,
        rates=known.rates,
        realised_vol=None if signal.forecast is None else signal.forecast.hv_20,
        dividends=dividends_ahead(known.dividends, signal.ticker, signal.session),
        halted=signal.ticker in known.halted,
    )
    return make_ticket(signal, chains, facts, known.settings)
