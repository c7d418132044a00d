"""What is said of a ticket under its signal: the order, what it risks, and when to leave, in numbers."""

from collections.abc import Iterable

from options_signals.digest.words import clean, clock, day, percent, plural, weekday
from options_signals.lake import canonical_json, sha256
from options_signals.sessions import NEW_YORK
from options_signals.tickets import Exits, NoTicket, Ticket


def order_lines(answer: Ticket | NoTicket) -> Iterable[str]:
    """One statement each; for a refusal its reason, and the nearest order that can be had."""
    if isinstance(answer, Ticket):
        yield f"order: {_contracts(answer)}"
        yield f"{_limit(answer)} · valid until {_valid_until(answer)}"
        yield f"{_most_to_lose(answer)} · even at {_breakevens(answer)} · {_odds(answer)}"
        yield _leave(answer.exits)
        return
    yield f"no ticket: {answer.refusal}, {clean(answer.reason)}"
    if answer.alternative is not None:
        other = answer.alternative.ticket
        yield (
            f"nearest: {clean(answer.alternative.differs)}: {_contracts(other)}, {_limit(other)}, "
            f"{_most_to_lose(other)}"
        )


def picture_name(ticket: Ticket) -> str:
    """The name of its payoff picture: the ticker, and the digest of all the ticket says."""
    return f"{ticket.underlying}-{sha256(canonical_json(ticket.model_dump(mode='json')))[:12]}.png"


def _contracts(ticket: Ticket) -> str:
    """As in "12 contracts of 9 Dec · buy the 100 call, sell the 103 call"."""
    legs = ", ".join(f"{leg.action} the {leg.option}" for leg in ticket.legs)
    return f"{plural(ticket.contracts, 'contract')} of {day(ticket.expiration)} · {legs}"


def _limit(ticket: Ticket) -> str:
    return f"limit {ticket.limit.mid} {ticket.limit.side}, at worst {ticket.limit.worst}"


def _valid_until(ticket: Ticket) -> str:
    until = ticket.valid_until.astimezone(NEW_YORK)
    return f"{weekday(until.date())} {clock(until)} ET"


def _most_to_lose(ticket: Ticket) -> str:
    if ticket.max_loss_usd is None:
        return "can lose without a limit"
    return f"can lose {ticket.max_loss_usd * ticket.contracts:,.2f} USD"


def _breakevens(ticket: Ticket) -> str:
    return " and ".join(f"{price:,.2f}" for price in ticket.breakevens) or "no price"


def _odds(ticket: Ticket) -> str:
    return f"odds {percent(ticket.market.probability_of_profit)} by the market"


def _leave(exits: Exits) -> str:
    return f"take profit at {exits.target_price} · stop {_stop(exits)} · leave by {weekday(exits.on)}"


def _stop(exits: Exits) -> str:
    """A price of the structure, or of the underlying."""
    if exits.stop_price is not None:
        return f"at {exits.stop_price}"
    bounds = (("below", exits.underlying_below), ("above", exits.underlying_above))
    named = [f"{side} {price:,.2f}" for side, price in bounds if price is not None]
    return f"with the underlying {' or '.join(named)}" if named else "none"
