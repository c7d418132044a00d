"""`signals ticket`: one signal, or one structure of a chain file, as a ticket a person can order by."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from options_signals import sessions, snapshot
from options_signals.digest.picture import draw_payoff
from options_signals.errors import InvalidValueError, NotFoundError
from options_signals.jobs import ledger
from options_signals.jobs.tickets import Known, ticket_of
from options_signals.pricing.discount import flat_curve
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.sources.chain_files import read_chain
from options_signals.strategy.facts import Facts
from options_signals.strategy.structures import structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tickets import Exits, NoTicket, PositionGreeks, Ticket
from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.cloud import LaptopCloud
from local.day import asked_session, parsed_date
from local.home import Home
from local.world import World


def asked_of_signal(
    world: World, ticker: str | None, session: str | None, *, of_a_file: Mapping[str, object]
) -> Ticket | NoTicket:
    """As `ticket_of_signal`; InvalidValueError without a ticker, or with options that only a chain file takes."""
    if strange := [f"--{name}" for name, value in of_a_file.items() if value is not None]:
        raise InvalidValueError(name=" and ".join(strange), value="without --chain", allowed="beside --chain only")
    if ticker is None:
        raise InvalidValueError(name="ticker", value=None, allowed="the ticker of a stored signal, or --chain FILE")
    return ticket_of_signal(world, ticker.upper(), asked_session(session))


def asked_of_file(
    world: World,
    path: Path,
    session: str | None,
    *,
    ticker: str | None,
    structure: str | None,
    rate: float | None,
    underlying: str | None,
) -> Ticket | NoTicket:
    """As `ticket_of_file`; InvalidValueError with a ticker, or without structure and rate."""
    if ticker is not None:
        raise InvalidValueError(
            name="ticker", value=ticker, allowed="none beside --chain; --underlying picks one there"
        )
    if structure is None or rate is None:
        raise InvalidValueError(name="--structure and --rate", value=None, allowed="both, beside --chain")
    day = parsed_date(session) if session else None
    return ticket_of_file(
        path, structure=structure, rate=rate, underlying=underlying, session=day, settings=world.settings
    )


def ticket_of_file(
    path: Path, *, structure: str, rate: float, underlying: str | None, session: dt.date | None, settings: Settings
) -> Ticket | NoTicket:
    """A ticket of one structure from a chain file; needs no model and no stored session.

    `rate` is the discount rate, decimal per year (0.04 = 4 %): given, because an old one would pass for today's.
    """
    chain = read_chain(path, underlying=underlying, session=session)
    captured = chain["captured_at"].max()
    day = captured.tz_convert(sessions.NEW_YORK).date()
    facts = Facts(session=day, rates=flat_curve(rate=rate, as_of=day), as_of=captured.to_pydatetime())
    return ticket_for(chain, structure_named(structure), facts, settings)


def ticket_of_signal(world: World, ticker: str, session: dt.date) -> Ticket | NoTicket:
    """The ticket of a stored signal; where it was stored without one, from the chain its source quotes.

    Raises
    ------
    NotFoundError
        Where nothing is stored of the session, or it was stored without a ticket and the source carries no chains.
    InvalidValueError
        Where the decision was not to trade.
    """
    signal, manifest = _stored(world, ticker, session)
    if signal.ticket is not None:
        return signal.ticket
    if world.sources.chain is None:
        raise NotFoundError(
            what="option chains", where=f"the source {world.source}", remedy="Give a file with --chain FILE."
        )
    chain = world.sources.chain.chain([ticker], session=session).frame
    return ticket_of(signal, chain, Known.of(manifest, world.home.store()))


def _stored(world: World, ticker: str, session: dt.date) -> tuple[Signal, Manifest]:
    namespace = world.sources.namespace
    cloud = LaptopCloud(
        home=world.home, namespace=namespace, environment=world.environment, sessions=(session.isoformat(),)
    )
    with cloud:
        digest = ledger.digest(cloud.table, namespace, session)
        decisions = {d.ticker: d for d in ledger.decisions(cloud.table, namespace, session)}
    if digest is None or ticker not in decisions:
        raise NotFoundError(
            what=f"decision on {ticker} of {session}",
            where=str(world.home.table),
            remedy="Run the session first: `signals run --session`.",
        )
    decision = decisions[ticker]
    if isinstance(decision, NoTrade):
        raise InvalidValueError(
            name=f"the decision on {ticker}",
            value=decision.in_brief,
            allowed="a signal",
            remedy="; ".join(decision.reasons) + ".",
        )
    return decision, snapshot.read_manifest(world.home.store(), namespace, session, digest.attempt)


def show_ticket(console: Console, answer: Ticket | NoTicket, home: Home, *, simulated: bool) -> None:
    """The ticket as a table with its payoff picture beside it, or why there is none."""
    name = f"{answer.underlying} {answer.structure.replace('_', ' ').upper()}"
    if isinstance(answer, NoTicket):
        console.print(f"{name}: NO TICKET, {answer.refusal.value}: {answer.reason}", markup=False, soft_wrap=True)
        if answer.alternative is None:
            return
        console.print(f"the nearest that can be had: {answer.alternative.differs}", markup=False, soft_wrap=True)
        answer = answer.alternative.ticket
    mark = "SIMULATED · " if simulated else ""
    console.print(_legs(answer, f"{mark}{name} · {answer.contracts} contract(s) · expires {answer.expiration}"))
    console.print(_figures(answer))
    for warning in answer.warnings:
        console.print(f"note: {warning}", markup=False, soft_wrap=True)
    picture = home.root / "tickets" / f"{answer.underlying}-{answer.session}-{answer.structure}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(draw_payoff(answer, stamp="SIMULATED" if simulated else ""))
    console.print(f"payoff: {picture}\nnot investment advice", markup=False, soft_wrap=True)


def _legs(ticket: Ticket, title: str) -> Table:
    table = Table("side", "contract", "bid", "ask", "delta", "own IV", title=title, title_justify="left")
    for leg in ticket.legs:
        volatility = f"{leg.implied_vol:.1%}"
        table.add_row(leg.action, leg.contract, f"{leg.bid:.2f}", f"{leg.ask:.2f}", f"{leg.delta:+.2f}", volatility)
    return table


def _figures(ticket: Ticket) -> Table:
    table = Table("", "", show_header=False)
    exits = ticket.exits
    chances = [("market", ticket.market), *([("model", ticket.model)] if ticket.model else [])]
    rows = [
        ("limit", f"{ticket.limit.side} {ticket.limit.mid} USD a share to start, {ticket.limit.worst} at worst"),
        ("most it can win", _usd(ticket.max_profit_usd)),
        ("most it can lose", f"{_usd(ticket.max_loss_usd)} a contract, {ticket.total_risk_usd:,.2f} in all"),
        ("breakevens", ", ".join(f"{price:,.2f}" for price in ticket.breakevens) or "none"),
        *(
            (f"{who}: odds, value", f"{o.probability_of_profit:.0%}, {o.expected_value_usd:+,.2f} USD")
            for who, o in chances
        ),
        ("costs", f"{ticket.costs_usd:,.2f} USD a contract"),
        ("margin, estimated", f"{ticket.margin_usd:,.2f} USD a contract"),
        ("take profit", f"{exits.target_usd:+,.2f} USD a contract, at {exits.target_price}"),
        ("stop", _stop(exits)),
        ("leave at the latest", f"{exits.on:%a %-d %b %Y}"),
        (
            "greeks",
            _greeks(ticket.greeks),
        ),
        ("valid until", f"{ticket.valid_until.astimezone(sessions.NEW_YORK):%a %-d %b %Y %H:%M} New York time"),
        ("quotes of", f"{ticket.captured_at.astimezone(sessions.NEW_YORK):%a %-d %b %Y %H:%M} New York time"),
        ("size", "; ".join(ticket.sizing)),
    ]
    for what, value in rows:
        table.add_row(what, Text(value))
    return table


def _greeks(greeks: PositionGreeks) -> str:
    return (
        f"delta {greeks.delta_shares:+.1f} shares, theta {greeks.theta_usd:+.2f} USD a day, "
        f"vega {greeks.vega_usd:+.2f} USD a point of volatility"
    )


def _stop(exits: Exits) -> str:
    if exits.stop_usd is not None:
        return f"{-exits.stop_usd:+,.2f} USD a contract, at {exits.stop_price}"
    bounds = (("below", exits.underlying_below), ("above", exits.underlying_above))
    return " or ".join(f"underlying {side} {price:,.2f}" for side, price in bounds if price is not None) or "none"


def _usd(amount: Decimal | None) -> str:
    return "without a limit" if amount is None else f"{amount:,.2f} USD"
