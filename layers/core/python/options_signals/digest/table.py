"""One session's digest as rows and notes: what the email, the SMS and the terminal all show."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from options_signals.digest.earnings import earnings_lines
from options_signals.digest.notes import notes
from options_signals.digest.portfolio import cut_line
from options_signals.digest.ticket import order_lines, picture_name
from options_signals.digest.words import clean, clock, contribution, percent, plural, weekday
from options_signals.errors import InvalidValueError
from options_signals.sessions import close_of, is_half_day
from options_signals.settings import Settings
from options_signals.signals import (
    Direction,
    DirectionForecast,
    Forecast,
    IvForecast,
    NoTrade,
    Signal,
    Strategy,
)
from options_signals.snapshot import Manifest
from options_signals.strategy.bets import side_of
from options_signals.strategy.earnings import bets_on_earnings
from options_signals.strategy.portfolio import Holdings
from options_signals.tickets import Ticket

SIMULATED = "simulated"  # the namespace whose every text says so
BAD_DAY = "no signals, data not good enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is said of one ticker.

    Attributes
    ----------
    call
        The strategy in capitals, "NO TRADE" (a rule declined) or "REFUSED" (the data does not allow a decision).
    size, confidence, risk
        "half", "0.61 (dir 0.58, vol 0.66)", "0.75 % of account"; empty without a trade.
    overall
        The overall confidence of a signal, 0..1.
    lean
        The strategy in capitals which the matrix would have chosen; empty where unknown, and for a signal.
    lines
        The rest, one statement each: for a refusal its reasons; earnings that are near.
    picture
        Where its ticket's payoff is seen, or why it is not: "payoff: https://..."; empty without a ticket.
    """

    ticker: str
    call: str
    lines: tuple[str, ...]
    size: str = ""
    confidence: str = ""
    risk: str = ""
    overall: float = 0.0
    lean: str = ""
    picture: str = ""

    @property
    def is_signal(self) -> bool:
        """Whether it calls for a trade."""
        return self.size != ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The structured digest: signals first (the surest above), then declined, then refused tickers."""

    session: dt.date
    simulated: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def half_day(self) -> str:
        """As in "closed 13:00 ET"; empty on a full day."""
        return f"closed {clock(close_of(self.session))} ET" if is_half_day(self.session) else ""

    @property
    def bad_day(self) -> bool:
        """Whether no ticker at all has good enough data."""
        return all(row.call == "REFUSED" for row in self.rows)

    @property
    def signals(self) -> int:
        """How many trades it calls for."""
        return sum(row.is_signal for row in self.rows)

    @property
    def subject(self) -> str:
        """ASCII, below 100 characters even with REPEAT before it."""
        outcome = BAD_DAY if self.bad_day else f"{plural(self.signals, 'signal')} of {plural(len(self.rows), 'ticker')}"
        return f"{' '.join(self._head)}: {outcome}"

    @property
    def title(self) -> str:
        """As in "options-signals · Fri 25 Nov 2022 · closed 13:00 ET"."""
        return " · ".join(self._head)

    @property
    def _head(self) -> list[str]:
        mark = "SIMULATED" if self.simulated else ""
        parts = (mark, "options-signals", f"{weekday(self.session)} {self.session.year}", self.half_day)
        return [part for part in parts if part]

    @property
    def outcome(self) -> str:
        """As in "2 signals, 1 declined"."""
        if self.bad_day:
            return BAD_DAY
        calls = Counter("signal" if row.is_signal else row.call for row in self.rows)
        others = ((calls["NO TRADE"], "declined"), (calls["REFUSED"], "refused"))
        return ", ".join([plural(calls["signal"], "signal"), *(f"{n} {word}" for n, word in others if n)])


def tabulate(
    manifest: Manifest,
    decisions: Sequence[Signal | NoTrade],
    holdings: Holdings,
    *,
    unpictured: Mapping[str, str],
) -> Digest:
    """The digest of one session as rows and notes; see `compose` for its parameters and what it refuses."""
    settings = Settings.model_validate(manifest.settings)
    ordered = _in_order(_complete(manifest, decisions, settings.tickers), settings.tickers)
    account_usd = holdings.account_usd(settings.risk.account_usd)
    return Digest(
        session=manifest.session,
        simulated=manifest.namespace.startswith(SIMULATED),
        rows=tuple(
            replace(_row(decision, account_usd), picture=_picture(manifest, decision, unpictured))
            for decision in ordered
        ),
        notes=tuple(notes(manifest, ordered, holdings, settings)),
    )


def _complete(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], watchlist: Iterable[str]
) -> list[Signal | NoTrade]:
    for decision in decisions:
        if decision.session != manifest.session:
            raise InvalidValueError(
                name=f"session of the decision on {decision.ticker}",
                value=decision.session.isoformat(),
                allowed=f"{manifest.session}, the session of the manifest",
            )
    decided = Counter(decision.ticker for decision in decisions)
    for ticker, count in decided.items():
        if count > 1:
            raise InvalidValueError(name=f"number of decisions on {ticker}", value=count, allowed="1")
    return [*decisions, *(_undecided(ticker, manifest) for ticker in watchlist if ticker not in decided)]


def _undecided(ticker: str, manifest: Manifest) -> NoTrade:
    verdict = manifest.verdicts.get(ticker)
    reasons = (verdict.reasons if verdict else ()) or ("no decision was reached",)
    return NoTrade(ticker=ticker, session=manifest.session, forecast=None, reasons=reasons, cause="data")


def _in_order(decisions: Iterable[Signal | NoTrade], watchlist: Sequence[str]) -> list[Signal | NoTrade]:
    place = {ticker: at for at, ticker in enumerate(watchlist)}

    def key(decision: Signal | NoTrade) -> tuple[int, float, int, str]:
        at = place.get(decision.ticker, len(place))
        if isinstance(decision, Signal):
            return 0, -decision.confidence.overall, at, decision.ticker
        return 2 if decision.cause == "data" else 1, 0.0, at, decision.ticker

    return sorted(decisions, key=key)


def _row(decision: Signal | NoTrade, account_usd: float) -> Row:
    if isinstance(decision, NoTrade):
        told = [cut_line(cut) for cut in decision.cuts] or decision.reasons
        lines = (*(clean(reason) for reason in told), *earnings_lines(decision.forecast))
        lean = _capitals(decision.lean) if decision.lean else ""
        return Row(ticker=clean(decision.ticker), call=decision.in_brief, lines=lines, lean=lean)
    return Row(
        ticker=clean(decision.ticker),
        call=_capitals(decision.strategy),
        size=decision.size,
        confidence=_confidence(decision),
        risk=f"{100 * decision.risk_share:.3g} % of account",
        overall=decision.confidence.overall,
        lines=tuple(_lines(decision, account_usd)),
    )


def _picture(manifest: Manifest, decision: Signal | NoTrade, unpictured: Mapping[str, str]) -> str:
    ticket = decision.ticket if isinstance(decision, Signal) else None
    if manifest.pictures is None or not isinstance(ticket, Ticket):
        return ""
    if decision.ticker in unpictured:
        return f"no payoff picture: {unpictured[decision.ticker]}"
    return f"payoff: {manifest.pictures}/{picture_name(ticket)}"


def _capitals(strategy: Strategy) -> str:
    return strategy.value.upper()


def _bets_on_no_direction(signal: Signal) -> bool:
    return side_of(signal.strategy) == 0


def _confidence(signal: Signal) -> str:
    given, implied = signal.confidence, signal.forecast.implied_move if signal.forecast else None
    parts = "vol alone" if _bets_on_no_direction(signal) else f"dir {given.direction:.2f}, vol {given.iv:.2f}"
    if bets_on_earnings(signal) and implied is not None:
        parts = f"move below {100 * implied:.1f} %"  # not that the trade wins
    return f"{given.overall:.2f} ({parts})"


def _lines(signal: Signal, account_usd: float) -> Iterable[str]:
    forecast, plan = signal.forecast, signal.plan
    if forecast and forecast.direction and not _bets_on_no_direction(signal):
        yield _odds(forecast.direction)
    if forecast and forecast.iv:
        yield _regime(forecast.iv)
    yield from earnings_lines(forecast)
    ticket = signal.ticket if isinstance(signal.ticket, Ticket) else None
    if ticket is None:  # it says the same in numbers
        yield f"expiry {plan.min_days}-{plan.max_days} days · {', '.join(leg.words for leg in plan.legs)}"
    usd = account_usd * signal.risk_share
    yield f"risk {100 * signal.risk_share:.3g} % of account = {usd:,.2f} USD of {account_usd:,.0f}"
    yield from (clean(cut_line(cut)) for cut in signal.cuts)
    if ticket is None:
        at = "" if plan.stop_underlying_usd is None else f", {plan.stop_underlying_usd:,.2f} USD"
        leave = "" if plan.exit_on is None else f" · leave by {weekday(plan.exit_on)}"
        yield f"{plan.target} · stop: {plan.stop}{at}{leave}"
    if signal.ticket is not None:
        yield from order_lines(signal.ticket)
    yield f"why: {_why(signal, forecast)}"
    yield from (f"note: {clean(warning)}" for warning in (*signal.warnings, *(ticket.warnings if ticket else ())))


def _odds(forecast: DirectionForecast) -> str:
    """The probability of the chosen side; for DOWN every figure is that of not UP."""
    down = forecast.direction is Direction.DOWN

    def side(p_up: float) -> float:
        return 1.0 - p_up if down else p_up

    said = f"if it moves more than 1 % in 5 sessions: {forecast.direction.lower()} {percent(side(forecast.p_up))}"
    record = forecast.track_record
    if record is None:
        return f"{said} (base rate {percent(side(forecast.base_rate))}; no walk-forward record at this level)"
    low, high = sorted((side(record.low), side(record.high)))
    return (
        f"{said} (base rate {percent(side(forecast.base_rate))}; walk-forward, when we said "
        f"{_between(low, high)} it happened {percent(side(record.observed))}, n = {record.count})"
    )


def _between(low: float, high: float) -> str:
    """As in "58-61 %", or "58 %" where both ends round to that."""
    least, most = percent(low), percent(high)
    return most if least == most else f"{least.removesuffix(' %')}-{most}"


def _regime(forecast: IvForecast) -> str:
    return (
        f"vol regime in 5 sessions: {forecast.regime} {percent(forecast.confidence)}, "
        f"{forecast.trend.lower()} (now: {clean(forecast.index)} rank {forecast.iv_rank:.0f})"
    )


def _why(signal: Signal, forecast: Forecast | None) -> str:
    given = forecast.direction.contributions if forecast and forecast.direction else ()
    if _bets_on_no_direction(signal) or bets_on_earnings(signal) or not given:
        return clean(signal.reasons[0])
    largest = sorted(given, key=lambda one: abs(one.log_odds), reverse=True)[:5]
    return ", ".join(contribution(one) for one in largest) + " (+ speaks for up)"
