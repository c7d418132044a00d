"""The portfolio's last word: over all trades of a session at once, with what is open. It can only make them smaller.

The rules, in this order; each sees what those before it left:

```text
blackout     an event of the account file is near: nothing in that underlying
daily_loss   the account lost too much this session: nothing at all
drawdown     the account is too far below its peak, and has not recovered: nothing at all
volatility   the underlying moves more than the target: times target / volatility
underlying   risk in one underlying, open positions included
correlated   risk in underlyings that move together
total        risk in everything
delta, vega  Greeks: each direction by itself, for an order that offsets may not be filled; unknown ones: nothing
```

A cap that does not hold all that wants below it makes each trade smaller by the same factor. So no trade comes before
another, nothing depends on their order, and there are no ties to break. Shares are rounded down to 10 decimals,
and what ends below 0.01 % of the account is no trade.

Laws, all proven as properties:

- no trade is ever larger than before, and what comes out keeps every cap, unless what is open breaks it by itself;
- fewer open positions, or a higher cap on the total, never make a trade smaller;
- without a trade no other one is smaller, as long as the groups that move together stay the same and no Greek
  is limited. (Where the trade was the only link between two groups, each then has a cap of its own, and together
  they may press others in the total. A Greek can be limited twice over: room that one cap wins, another may lose.)
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import copysign, floor, fsum
from typing import Literal, NamedTuple

from options_signals.sessions import shift
from options_signals.settings import Portfolio, Settings
from options_signals.signals import Cut, NoTrade, Signal
from options_signals.strategy.correlation import Clusters
from options_signals.strategy.halts import daily_loss_of, drawdown_of
from options_signals.strategy.portfolio import Event, Greeks, Holdings
from options_signals.strategy.sizing import volatility_scale
from options_signals.tickets import NoTicket

DECIMALS = 10  # of a share of the account
LEAST_SHARE = 0.0001  # what is cut to less than 0.01 % of the account is no trade

type Shares = Mapping[str, float]  # ticker -> share of the account at risk


class Allowed(NamedTuple):
    """What a rule leaves of a trade, and why it took the rest."""

    share: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the rules look at.

    Attributes
    ----------
    candidates
        The session's signals by ticker.
    open_shares
        Of the holdings, by ticker.
    clusters
        Of all candidates and all that is open; an underlying that is not named moves with nothing else.
    greeks
        Of candidates, at the share they come with, parts of a contract included; one that is not named is unknown.
    target_vol
        See `risk.target_vol`; None: no target.
    """

    session: dt.date
    candidates: Mapping[str, Signal]
    holdings: Holdings
    open_shares: Shares
    limits: Portfolio
    clusters: Clusters
    greeks: Mapping[str, Greeks]
    target_vol: float | None


def overlay(
    decisions: Sequence[Signal | NoTrade],
    holdings: Holdings,
    *,
    session: dt.date,
    clusters: Clusters,
    greeks: Mapping[str, Greeks],
    settings: Settings,
) -> tuple[Signal | NoTrade, ...]:
    """Every decision of a session, in its order, after the rules of the portfolio.

    Parameters
    ----------
    decisions
        At most one per ticker. A NoTrade passes as it is.
    clusters, greeks
        As in `Desk`.

    Returns
    -------
    tuple
        A signal that was cut carries its cuts, the first with the share it came with, and no ticket: the one it came
        with was for that share. One that was cut to nothing is a NoTrade with the reasons and the lean.
    """
    desk = Desk(
        session=session,
        candidates={decision.ticker: decision for decision in decisions if isinstance(decision, Signal)},
        holdings=holdings,
        open_shares=holdings.open_shares,
        limits=settings.portfolio,
        clusters=clusters,
        greeks=greeks,
        target_vol=settings.risk.target_vol,
    )
    cuts = _cuts(desk)
    return tuple(_after(one, cuts[one.ticker]) if isinstance(one, Signal) else one for one in decisions)


def _cuts(desk: Desk) -> dict[str, tuple[Cut, ...]]:
    shares = {ticker: signal.risk_share for ticker, signal in desk.candidates.items()}
    cuts: dict[str, tuple[Cut, ...]] = dict.fromkeys(shares, ())
    for name, rule in RULES.items():
        for ticker, allowed in rule(desk, {t: share for t, share in shares.items() if share}).items():
            before, after = shares[ticker], _rounded_down(allowed.share)
            if after < before:
                cuts[ticker] += (Cut(rule=name, before=before, after=after, reason=allowed.reason),)
                shares[ticker] = after
    return cuts


def _after(signal: Signal, cuts: tuple[Cut, ...]) -> Signal | NoTrade:
    if not cuts:
        return signal
    if cuts[-1].after >= LEAST_SHARE:
        return signal.model_copy(update={"risk_share": cuts[-1].after, "cuts": cuts, "ticket": None})
    to_nothing = (*cuts[:-1], cuts[-1].model_copy(update={"after": 0.0}))
    return NoTrade.instead_of(signal, reasons=tuple(cut.reason for cut in cuts), cuts=to_nothing)


def _rounded_down(share: float) -> float:
    """To 10 decimals; what is within a billionth of them in relation is meant to be there, and stays."""
    return floor(round(share * 1e10, 3)) / 1e10


def _blackout(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    last = shift(desk.session, desk.limits.blackout_sessions)
    near = [event for event in desk.holdings.events if desk.session < event.on <= last]
    found = {ticker: _first(near, ticker) for ticker in shares}
    return {
        ticker: Allowed(0.0, f"{event.name} on {event.on}, and no trade is opened that near")
        for ticker, event in found.items()
        if event
    }


def _first(events: Iterable[Event], ticker: str) -> Event | None:
    own = [event for event in events if event.ticker in {None, ticker}]
    return min(own, key=lambda event: (event.on, event.name), default=None)


def _daily_loss(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    loss, most = daily_loss_of(desk.holdings.equity, desk.session), desk.limits.max_daily_loss
    if loss is None or loss < most:
        return {}
    reason = f"the account lost {percent(loss)} this session; from {percent(most)} on no trade is opened"
    return dict.fromkeys(shares, Allowed(0.0, reason))


def _drawdown(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    limits = desk.limits
    state = drawdown_of(desk.holdings.equity, stop=limits.max_drawdown, resume=limits.resume_drawdown)
    if not state.halted:
        return {}
    reason = (
        f"the account is {percent(state.depth)} below its peak; it fell {percent(limits.max_drawdown)}, and no trade "
        f"is opened before it is within {percent(limits.resume_drawdown)}"
    )
    return dict.fromkeys(shares, Allowed(0.0, reason))


def _volatility(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    target = desk.target_vol
    if target is None:
        return {}
    return {
        ticker: _targeted(ticker, share, _hv_20(desk.candidates[ticker]), target) for ticker, share in shares.items()
    }


def _hv_20(signal: Signal) -> float | None:
    return signal.forecast.hv_20 if signal.forecast else None


def _targeted(ticker: str, share: float, hv_20: float | None, target: float) -> Allowed:
    if not hv_20:
        return Allowed(
            0.0, f"the volatility of {ticker} is unknown, and the target of {percent(target)} cannot be kept"
        )
    scale = volatility_scale(target_vol=target, vol_20=hv_20)
    return Allowed(
        share * scale, f"{ticker} has a volatility of {percent(hv_20)}, above the target of {percent(target)}"
    )


def _underlying(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    most = desk.limits.max_per_underlying
    return _each(_capped(desk, shares, (ticker,), most, f"in {ticker}") for ticker in shares)


def _correlated(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    groups = {desk.clusters.get(ticker, (ticker,)) for ticker in shares}
    most = desk.limits.max_correlated
    return _each(_capped(desk, shares, group, most, f"in {named(group)}, which move together") for group in groups)


def _total(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    open_share = desk.holdings.total_share
    return _scaled(shares, open_share=open_share, most=desk.limits.max_total, where="in all")


def _capped(desk: Desk, shares: Shares, group: tuple[str, ...], most: float, where: str) -> dict[str, Allowed]:
    members = {ticker: shares[ticker] for ticker in group if ticker in shares}
    open_share = fsum(desk.open_shares.get(ticker, 0.0) for ticker in group)
    return _scaled(members, open_share=open_share, most=most, where=where)


def _scaled(wanted: Shares, *, open_share: float, most: float, where: str) -> dict[str, Allowed]:
    """All by one factor, so that with what is open they keep the cap; none where they do as they are."""
    new = fsum(wanted.values())
    room = max(most - open_share, 0.0)
    if round(new - room, DECIMALS) <= 0.0:
        return {}
    reason = f"{percent(open_share)} open and {percent(new)} wanted {where}, {percent(most)} allowed"
    return {ticker: Allowed(share * (room / new), reason) for ticker, share in wanted.items()}


def _delta(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    return _greek(desk, shares, "delta", desk.limits.max_delta)


def _vega(desk: Desk, shares: Shares) -> dict[str, Allowed]:
    return _greek(desk, shares, "vega", desk.limits.max_vega)


def _greek(desk: Desk, shares: Shares, name: Literal["delta", "vega"], most: float | None) -> dict[str, Allowed]:
    """Candidates that push one way, by one factor; with what is open they keep the limit without the others.

    One of which nobody knows how hard it pushes cannot be held to the limit, and is no trade.
    """
    if most is None:
        return {}
    unknown = {ticker: _unknown(desk.candidates[ticker], name, most) for ticker in shares if ticker not in desk.greeks}
    net = fsum(getattr(position.greeks, name) for position in desk.holdings.positions if position.greeks)
    pushes = {ticker: _of_share(desk, ticker, share, name) for ticker, share in shares.items() if ticker in desk.greeks}
    factors = {sign: _factor(pushes, net, sign, most) for sign in (1.0, -1.0)}
    reason = f"{name} of {net:.3g} accounts open and {fsum(pushes.values()):.3g} wanted, {most:g} allowed either way"
    return unknown | {
        ticker: Allowed(shares[ticker] * factors[copysign(1.0, push)], reason)
        for ticker, push in pushes.items()
        if push
    }


def _unknown(signal: Signal, name: str, most: float) -> Allowed:
    told = signal.ticket
    why = f"no ticket: {told.refusal}, {told.reason}" if isinstance(told, NoTicket) else "no option chain"
    return Allowed(0.0, f"the {name} of {signal.ticker} is unknown, and the limit of {most:g} cannot be kept ({why})")


def _of_share(desk: Desk, ticker: str, share: float, name: str) -> float:
    """The candidate's Greek at the share that the rules before have left."""
    whole: float = getattr(desk.greeks[ticker], name)
    return whole * share / desk.candidates[ticker].risk_share


def _factor(pushes: Mapping[str, float], net: float, sign: float, most: float) -> float:
    """1 where all that pushes that way fits, else what makes it fit."""
    new, room = fsum(sign * push for push in pushes.values() if sign * push > 0.0), max(most - sign * net, 0.0)
    return 1.0 if new <= room else room / new


def _each(parts: Iterable[dict[str, Allowed]]) -> dict[str, Allowed]:
    """One mapping of parts that share no ticker."""
    return {ticker: allowed for part in parts for ticker, allowed in part.items()}


def percent(share: float) -> str:
    """As in "0.75 %", of a share of 0.0075."""
    return f"{100 * share:.3g} %"


def named(tickers: Sequence[str], most: int = 4) -> str:
    """As in "SPY, QQQ, IWM, DIA and 3 more"."""
    more = f" and {len(tickers) - most} more" if len(tickers) > most else ""
    return ", ".join(tickers[:most]) + more


RULES: Mapping[str, Callable[[Desk, Shares], dict[str, Allowed]]] = {
    "blackout": _blackout,
    "daily_loss": _daily_loss,
    "drawdown": _drawdown,
    "volatility": _volatility,
    "underlying": _underlying,
    "correlated": _correlated,
    "total": _total,
    "delta": _delta,
    "vega": _vega,
}
