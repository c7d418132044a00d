"""When a ticket is left, as numbers, and what the broker asks for it meanwhile."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from options_signals.strategy.payoff import ZERO, Payoff
from options_signals.strategy.structures import Rules
from options_signals.tickets import SHARES, Exits, Limit, TicketLeg

CENT = Decimal("0.01")
# FINRA rule 4210 and the exchanges' margin manuals: of the underlying, less what the option is out of the money by,
# but never less than the second share (of the strike for puts). Broad indices need less; the higher one is stated.
NAKED_SHARE, NAKED_LEAST = Decimal("0.20"), Decimal("0.10")


def exits(
    rules: Rules,
    limit: Limit,
    legs: Sequence[TicketLeg],
    *,
    spot: Decimal,
    underlying_stop: Decimal | None,
    on: dt.date,
) -> Exits:
    """Target, stop and time exit of a ticket.

    Parameters
    ----------
    underlying_stop
        Price of the underlying that the signal itself names; None takes the structure's own rule.
    on
        The session at whose close the trade is left in any case.
    """
    won = Decimal(str(rules.target)) * _won_at_most(rules, limit, legs)
    lost = None if rules.stop is None else Decimal(str(rules.stop)) * limit.mid
    towards = 1 if limit.side == "debit" else -1  # a debit is sold dearer, a credit bought back cheaper
    below, above = _underlying_stops(rules, legs, spot=spot, named=underlying_stop)
    return Exits(
        target_price=cents(limit.mid + towards * won),
        target_usd=cents(won * SHARES),
        stop_price=None if lost is None else cents(limit.mid - towards * lost),
        stop_usd=None if lost is None else cents(lost * SHARES),
        underlying_below=below,
        underlying_above=above,
        on=on,
    )


def _won_at_most(rules: Rules, limit: Limit, legs: Sequence[TicketLeg]) -> Decimal:
    cost = limit.mid if limit.side == "debit" else -limit.mid
    most = Payoff.of(legs, cost=cost).max_profit
    return limit.mid if rules.target_of == "premium" or most is None else most


def _underlying_stops(
    rules: Rules, legs: Sequence[TicketLeg], *, spot: Decimal, named: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    if rules.at_short_strike:
        short = {leg.right: leg.strike for leg in legs if leg.action == "sell"}
        return short.get("put"), short.get("call")
    if rules.underlying_stop is None:
        return None, None
    at = named or cents(spot * (1 + Decimal(str(rules.underlying_stop))))
    return (at, None) if rules.underlying_stop < 0 else (None, at)


def margin(legs: Sequence[TicketLeg], limit: Limit, *, spot: Decimal) -> Decimal:
    """Estimate of what one contract ties up, USD, after the rules of Regulation T; brokers may ask for more.

    A debit is paid in full. A credit with a limited loss needs its largest loss before commissions; a condor can lose
    on one side only. A naked option needs its price plus 20 % of the underlying less what it is out of the money by,
    and at least 10 % of the underlying (of the strike for a put).
    """
    if any(leg.action == "buy" for leg in legs):
        loss = Payoff.of(legs, cost=limit.cost).max_loss
        return cents((loss or ZERO) * SHARES)
    needed = [leg.mid + max(NAKED_SHARE * spot - _out_by(leg, spot), _least(leg, spot)) for leg in legs]
    return cents(sum(needed, ZERO) * SHARES)


def _out_by(leg: TicketLeg, spot: Decimal) -> Decimal:
    return max(leg.strike - spot if leg.right == "call" else spot - leg.strike, ZERO)


def _least(leg: TicketLeg, spot: Decimal) -> Decimal:
    return NAKED_LEAST * (spot if leg.right == "call" else leg.strike)


def cents(amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Rounded to the cent, half up unless told otherwise."""
    return amount.quantize(CENT, rounding=rounding)
