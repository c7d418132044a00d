"""From a signal and a chain to a ticket: exact contracts, prices and risks, or a refusal with its reason.

`make_ticket` serves a signal; `ticket_for` needs no model. Both are pure: the chain, the facts and the settings give
the same answer always.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.chain.book import Book
from options_signals.pricing.discount import MAX_AGE_DAYS
from options_signals.pricing.lognormal import Lognormal
from options_signals.settings import Settings, Tickets
from options_signals.signals import Direction, Signal
from options_signals.strategy.cautions import cautions
from options_signals.strategy.earnings import entry_of, time_exit
from options_signals.strategy.exits import cents, exits, margin
from options_signals.strategy.facts import Facts
from options_signals.strategy.matrix import defined_risk
from options_signals.strategy.outlook import kelly, model_distribution, outlook
from options_signals.strategy.payoff import ZERO, Payoff
from options_signals.strategy.selection import Choice, Refused, choose, is_monthly, money
from options_signals.strategy.sizing import Budget, budget, contracts_within_budget, held
from options_signals.strategy.structures import Structure, planned, smaller
from options_signals.tickets import (
    SHARES,
    Alternative,
    Limit,
    NoTicket,
    PositionGreeks,
    Reduction,
    Refusal,
    Ticket,
    TicketLeg,
)

MOST_SMALLER = 4  # a spread's strikes are then a sixteenth as far apart
SPOT_MISS = 0.01  # of the close; a chain whose own spot is farther away was quoted at another time


def make_ticket(signal: Signal, chain: pd.DataFrame | None, facts: Facts, settings: Settings) -> Ticket | NoTicket:
    """The ticket of a signal.

    Parameters
    ----------
    signal
        What to trade, and with what share of the account; its confidence in the direction is the model's
        probability, 0.50 where it has no proven skill.
    chain
        Table `chain`, of any underlyings; None or without the signal's: there is no chain.
    facts
        Of the signal's session; `p_up` and `spot` are taken from the signal, `earnings_on` where it knows a date.

    Returns
    -------
    NoTicket
        With the reason, and the nearest ticket that can be had where there is one. The signal stays.
    """
    own = None if chain is None else chain[chain["underlying"] == signal.ticker]
    request = _Request(
        underlying=signal.ticker,
        structure=planned(signal.strategy, signal.plan),
        share=signal.risk_share,
        underlying_stop=_usd(signal.plan.stop_underlying_usd),
        exit_on=signal.plan.exit_on,
        facts=_with_forecast(facts, signal),
        settings=_left_to_apply(signal, settings),
    )
    return _answer(own, request)


def ticket_for(chain: pd.DataFrame, structure: Structure, facts: Facts, settings: Settings) -> Ticket | NoTicket:
    """A ticket for a structure, without a signal: full size of the structure's own risk, times the overlay.

    Parameters
    ----------
    chain
        Table `chain` of one underlying.
    structure
        As `structure_named` gives it.

    Raises
    ------
    InvalidValueError
        For a chain of several underlyings.
    """
    request = _Request(
        underlying=", ".join(sorted(chain["underlying"].unique())) or "?",
        structure=structure,
        share=structure.risk_share * settings.risk.overlay,
        underlying_stop=None,
        exit_on=None,
        facts=facts,
        settings=settings,
    )
    return _answer(chain, request)


def without_ticket(signal: Signal, refusal: Refusal, reason: str) -> NoTicket:
    """The refusal of a signal's ticket for what went wrong before there was a chain to look at."""
    return NoTicket(
        underlying=signal.ticker,
        session=signal.session,
        structure=planned(signal.strategy, signal.plan).name,
        refusal=refusal,
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    underlying: str
    structure: Structure
    share: float
    underlying_stop: Decimal | None
    exit_on: dt.date | None  # None: the time exit of the settings
    facts: Facts
    settings: Settings

    @property
    def least_days(self) -> int:
        """Calendar days from which an expiry is late enough: after the exit that the plan names."""
        return 1 if self.exit_on is None else (self.exit_on - self.facts.session).days + 1


def _left_to_apply(signal: Signal, settings: Settings) -> Settings:
    """The settings without the volatility target, where the portfolio has brought the signal to it already."""
    if all(cut.rule != "volatility" for cut in signal.cuts):
        return settings
    return settings.model_copy(update={"risk": settings.risk.model_copy(update={"target_vol": None})})


def _with_forecast(facts: Facts, signal: Signal) -> Facts:
    forecast = signal.forecast
    if forecast is None:
        return replace(facts, p_up=None, spot=None)
    earnings_on = forecast.announcement.announced_on if forecast.announcement else facts.earnings_on
    return replace(facts, p_up=_p_up(signal), spot=forecast.spot, earnings_on=earnings_on)


def _p_up(signal: Signal) -> float | None:
    if signal.forecast is None or signal.forecast.direction is None:
        return None
    sure = signal.confidence.direction
    return sure if signal.forecast.direction.direction is Direction.UP else 1.0 - sure


def _usd(amount: float | None) -> Decimal | None:
    return None if amount is None else money(amount)


def _answer(chain: pd.DataFrame | None, request: _Request) -> Ticket | NoTicket:
    unfit = unfit_chain(chain, request.facts, request.settings.tickets)
    if unfit or chain is None:
        return _no_ticket(request, unfit or _no_chain(request.facts))
    book = Book(chain, session=request.facts.session, rates=request.facts.rates)
    if book.tradable.empty:
        faults = ", ".join(f"{count} {fault}" for fault, count in book.faults.items())
        return _no_ticket(request, Refused(Refusal.NO_QUOTES, f"none of {len(book.quotes)} quotes is usable: {faults}"))
    built = _built(book, request)
    if isinstance(built, Ticket):
        return built
    return _no_ticket(request, built, _alternative(book, request, built.refusal))


def _no_ticket(request: _Request, refused: Refused, alternative: Alternative | None = None) -> NoTicket:
    return NoTicket(
        underlying=request.underlying,
        session=request.facts.session,
        structure=request.structure.name,
        refusal=refused.refusal,
        reason=refused.reason,
        alternative=alternative,
    )


def _no_chain(facts: Facts) -> Refused:
    return Refused(Refusal.NO_CHAIN, f"there is no option chain of {facts.session}")


def unfit_chain(chain: pd.DataFrame | None, facts: Facts, limits: Tickets) -> Refused | None:
    """Why the chain as a whole cannot be used; the first reason."""
    if facts.halted:
        return Refused(Refusal.HALTED, f"trading was halted on {facts.session}")
    if (facts.session - facts.rates.as_of).days > MAX_AGE_DAYS:
        return Refused(Refusal.STALE_RATES, f"discount rates are of {facts.rates.as_of}, wanted: {facts.session}")
    if chain is None or chain.empty:
        return _no_chain(facts)
    newest = chain["captured_at"].max()
    day = newest.tz_convert(sessions.NEW_YORK).date()
    if day != facts.session:
        return Refused(Refusal.OTHER_DAY, f"the chain is of {day}, wanted: {facts.session}")
    as_of = facts.as_of or sessions.close_of(facts.session)
    if newest < as_of - dt.timedelta(minutes=limits.max_quote_age_minutes):
        return Refused(
            Refusal.STALE,
            f"the newest quote is of {newest:%H:%M} UTC, more than {limits.max_quote_age_minutes} minutes before "
            f"{as_of.astimezone(dt.UTC):%H:%M}",
        )
    return _other_spot(chain, facts)


def _other_spot(chain: pd.DataFrame, facts: Facts) -> Refused | None:
    spots = chain["spot"]
    if facts.spot is None or not (spots / facts.spot - 1).abs().max() > SPOT_MISS:
        return None
    furthest = spots.iloc[int((spots - facts.spot).abs().argmax())]
    return Refused(
        Refusal.STALE, f"the chain stands at a spot of {furthest:.2f}, the close is {facts.spot:.2f}: another moment"
    )


def _built(book: Book, request: _Request) -> Ticket | Refused:
    structure, settings = request.structure, request.settings
    if not defined_risk(structure.legs) and not settings.decision.allow_undefined_risk:
        return Refused(
            Refusal.UNDEFINED_RISK, f"a {structure.name} sells an option without cover, and allow_undefined_risk is off"
        )
    choice = choose(structure, book, settings.tickets)
    if isinstance(choice, Refused):
        return choice
    order = _order(choice.legs, settings.tickets)
    if isinstance(order, Refused):
        return order
    size = _size(book, request, choice, order)
    return size if isinstance(size, Refused) else _ticket(book, request, choice, order, size)


class _Order(NamedTuple):
    """The limit, the payoff of one contract at its worst price after commissions, and what these two take of it."""

    limit: Limit
    payoff: Payoff
    commission_usd: Decimal
    costs_usd: Decimal


def _order(legs: tuple[TicketLeg, ...], limits: Tickets) -> _Order | Refused:
    mid = sum((leg.sign * leg.mid for leg in legs), ZERO)
    worst = sum((leg.ask if leg.sign > 0 else -leg.bid for leg in legs), ZERO)
    if mid == 0 or mid * worst <= 0:
        return Refused(Refusal.WIDE, f"the mid prices make {abs(mid):.2f} USD, and their spreads eat all of it")
    commission = len(legs) * Decimal(str(limits.commission_usd))
    payoff = Payoff.of(legs, cost=worst + commission / SHARES)
    if payoff.max_loss is not None and payoff.max_loss <= 0:
        return Refused(Refusal.CONTRADICTION, f"at {worst:.2f} USD it cannot lose: some quote is not of this moment")
    if payoff.max_profit is not None and payoff.max_profit <= 0:
        return Refused(Refusal.WIDE, f"at {worst:.2f} USD and after commissions nothing is left to win")
    costs = cents((worst - mid) * SHARES + commission, ROUND_CEILING)
    return _Order(_limit(mid, worst), payoff, commission, costs)


def _limit(mid: Decimal, worst: Decimal) -> Limit:
    """The mid becomes whole cents on the side of the worst price, so that it can be ordered and filled."""
    if mid > 0:
        return Limit(side="debit", mid=cents(mid, ROUND_CEILING), worst=worst)
    return Limit(side="credit", mid=max(-worst, cents(-mid, ROUND_FLOOR)), worst=-worst)


class _Size(NamedTuple):
    """How many contracts, and what was weighed for it."""

    contracts: int
    budget: Budget
    max_loss_usd: Decimal | None
    margin_usd: Decimal
    model: Lognormal | None


def _size(book: Book, request: _Request, choice: Choice, order: _Order) -> _Size | Refused:
    model = model_distribution(request.facts, choice.smile, spot=book.spot, expiration=choice.expiration)
    loss = order.payoff.max_loss
    max_loss = None if loss is None else cents(loss * SHARES, ROUND_CEILING)
    needed = margin(choice.legs, order.limit, spot=money(book.spot))
    at_risk = needed if max_loss is None else max_loss
    bet = None if model is None else kelly(order.payoff, model, at_risk=at_risk / SHARES)
    allowed = budget(request.share, request.settings.risk, vol_20=request.facts.realised_vol, kelly=bet)
    if allowed.usd <= 0:
        return Refused(Refusal.NO_BUDGET, f"the budget is 0 USD: {', '.join(allowed.reasons)}")
    contracts = contracts_within_budget(max_loss_usd=at_risk, budget_usd=allowed.usd)
    if contracts.reason:
        return Refused(Refusal.ABOVE_CAP, contracts.reason)
    return _Size(contracts.count, allowed, max_loss, needed, model)


def _ticket(book: Book, request: _Request, choice: Choice, order: _Order, size: _Size) -> Ticket:
    facts, smile, payoff, spot = request.facts, choice.smile, order.payoff, money(book.spot)
    entry = entry_of(facts.session)
    last = min(request.exit_on or time_exit(facts.session, request.settings), choice.expiration)
    market = outlook(payoff, smile, discount=smile.discount)
    gap = market.expected_value_usd + order.costs_usd
    named = request.underlying_stop
    return Ticket(
        underlying=book.underlying,
        session=facts.session,
        captured_at=book.captured_at,
        structure=request.structure.name,
        expiration=choice.expiration,
        days=book.days(choice.expiration),
        monthly=is_monthly(choice.expiration),
        contracts=size.contracts,
        legs=choice.legs,
        limit=order.limit,
        commission_usd=order.commission_usd,
        costs_usd=order.costs_usd,
        max_profit_usd=None if payoff.max_profit is None else cents(payoff.max_profit * SHARES, ROUND_FLOOR),
        max_loss_usd=size.max_loss_usd,
        margin_usd=size.margin_usd,
        breakevens=payoff.breakevens,
        budget_usd=size.budget.usd,
        sizing=size.budget.reasons,
        spot=spot,
        forward=smile.forward,
        atm_iv=smile.at_the_money,
        smile_error=smile.error,
        smile_gap_usd=gap,
        market=market,
        model=None if size.model is None else outlook(payoff, size.model, discount=smile.discount),
        greeks=_greeks(book, choice),
        exits=exits(request.structure.rules, order.limit, choice.legs, spot=spot, underlying_stop=named, on=last),
        reductions=tuple(_reductions(size.contracts, entry, last, request.settings)),
        valid_until=sessions.close_of(entry),
        warnings=cautions(
            choice, facts, underlying=book.underlying, spot=spot, smile_gap_usd=gap, costs_usd=order.costs_usd
        ),
    )


def _greeks(book: Book, choice: Choice) -> PositionGreeks:
    signs = np.array([leg.sign for leg in choice.legs])
    greeks = book.greeks(choice.rows, choice.smile)
    return PositionGreeks(
        delta_shares=float(signs @ greeks.delta) * SHARES,
        gamma_shares=float(signs @ greeks.gamma) * SHARES,
        theta_usd=float(signs @ greeks.theta_per_day) * SHARES,
        vega_usd=float(signs @ greeks.vega) * SHARES / 100,
    )


def _reductions(contracts: int, entry: dt.date, last: dt.date, settings: Settings) -> Iterator[Reduction]:
    """The sessions before the last at whose close the holding decay leaves fewer contracts, but some."""
    before, max_hold = contracts, settings.tickets.exit_sessions
    for count in range(1, max_hold):
        left = held(contracts, settings.risk.decay, sessions=count, max_hold=max_hold)
        on = sessions.shift(entry, count)
        if 0 < left < before and on < last:
            before = left
            yield Reduction(on=on, contracts=left)


def _alternative(book: Book, request: _Request, refusal: Refusal) -> Alternative | None:
    for differs, other in _others(request, refusal):
        built = _built(book, other)
        if isinstance(built, Ticket):
            return Alternative(differs=differs, ticket=built)
    return None


def _others(request: _Request, refusal: Refusal) -> Iterator[tuple[str, _Request]]:
    """What to try instead, nearest first. What keeps a trade liquid and within its budget is never relaxed."""
    if refusal in (Refusal.ABOVE_CAP, Refusal.UNDEFINED_RISK):
        yield from _with_less_at_stake(request)
    elif refusal is not Refusal.NO_BUDGET:
        yield from _elsewhere(request, strikes_too=refusal not in (Refusal.NO_EXPIRY, Refusal.NO_SMILE))


def _elsewhere(request: _Request, *, strikes_too: bool) -> Iterator[tuple[str, _Request]]:
    limits = request.settings.tickets
    low, high = request.structure.days
    miss, sooner, later = 2 * limits.max_delta_miss, max(low // 2, request.least_days), 2 * high
    loosened = limits.model_copy(update={"max_delta_miss": miss})
    settings = request.settings.model_copy(update={"tickets": loosened})
    structure = replace(request.structure, days=(sooner, later))
    deltas = f"deltas that miss by up to {miss:.2f} instead of {limits.max_delta_miss:.2f}"
    days = f"an expiry from {sooner} to {later} days instead of {low} to {high}"
    if strikes_too:
        yield deltas, replace(request, settings=settings)
    yield days, replace(request, structure=structure)
    yield f"{days}, and {deltas}", replace(request, structure=structure, settings=settings)


def _with_less_at_stake(request: _Request) -> Iterator[tuple[str, _Request]]:
    structure = smaller(request.structure)
    for _ in range(MOST_SMALLER):
        if structure is None:
            return
        words = "strikes closer together" if structure.name == request.structure.name else f"a {structure.name}"
        yield f"{words}, with less at stake", replace(request, structure=structure, underlying_stop=None)
        structure = smaller(structure)
