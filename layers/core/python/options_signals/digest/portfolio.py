"""What is said of the portfolio: what counts as open, which rules are off, how the account fared, what was cut."""

from collections.abc import Iterable

from options_signals.digest.words import day, listed, plural
from options_signals.settings import Settings
from options_signals.signals import Cut
from options_signals.snapshot import Manifest
from options_signals.strategy.halts import before_and_after
from options_signals.strategy.metrics import Performance
from options_signals.strategy.overlay import percent
from options_signals.strategy.portfolio import Holdings

LEAST_SESSIONS = 60  # of which figures are shown: fewer say nothing
MOST_NAMED = 6


def cut_line(cut: Cut) -> str:
    """As in "cut from 1.5 % to 0.75 %: 3 % open and 2 % wanted in SPY, 4 % allowed"."""
    return f"cut from {percent(cut.before)} to {percent(cut.after)}: {cut.reason}"


def portfolio_notes(manifest: Manifest, holdings: Holdings, settings: Settings) -> Iterable[str]:
    """One statement each."""
    told = (_open(holdings), *_off(manifest, holdings), *_unseen(manifest, holdings, settings))
    yield f"portfolio: {'; '.join(told)}"
    if len(holdings.equity) > LEAST_SESSIONS:
        before, after = before_and_after(holdings.equity, settings.portfolio)
        yield f"account, {before.sessions} sessions to {day(holdings.equity[-1].session)}: {_figures(before, after)}"


def _open(holdings: Holdings) -> str:
    assumed = sum(position.assumed for position in holdings.positions)
    listed_there = len(holdings.positions) - assumed
    risk = f" ({percent(holdings.total_share)} of the account at risk)" if holdings.positions else ""
    if holdings.account_of is None:
        return f"no account file for this session; open, assumed from signals: {assumed or 'none'}{risk}"
    later = f", assumed from later signals: {assumed}" if assumed else ""
    return f"account file of {day(holdings.account_of)}; open: {listed_there or 'none'}{later}{risk}"


def _off(manifest: Manifest, holdings: Holdings) -> Iterable[str]:
    if not holdings.equity:
        yield "drawdown and daily-loss rules are off (no equity known)"
    elif len(holdings.equity) == 1 or holdings.equity[-1].session != manifest.session:
        yield f"daily-loss rule is off (the last equity is of {day(holdings.equity[-1].session)})"


def _unseen(manifest: Manifest, holdings: Holdings, settings: Settings) -> Iterable[str]:
    """What a rule that is on cannot see."""
    limits = settings.portfolio
    unknown = sum(position.greeks is None for position in holdings.positions)
    if unknown and limits.limits_greeks:
        of_open = f"{unknown} of {plural(len(holdings.positions), 'position')}"
        yield f"delta and vega limits do not count {of_open} (Greeks unknown)"
    with_bars = {ticker for ticker, verdict in manifest.verdicts.items() if verdict.status != "refused"}
    strange = sorted({position.ticker for position in holdings.positions} - with_bars)
    if strange:
        yield f"no bars of {listed(strange, MOST_NAMED)}: what moves together with them is unknown"


def _figures(before: Performance, after: Performance) -> str:
    """Each figure as it was, and in brackets with the halts."""
    return (
        f"Sharpe {_both(before.sharpe, after.sharpe)}, Sortino {_both(before.sortino, after.sortino)}, "
        f"Calmar {_both(before.calmar, after.calmar)}, 1-day VaR 95 % {_loss(before.var, after.var)}, "
        f"CVaR {_loss(before.cvar, after.cvar)} (in brackets: had these halts kept it out)"
    )


def _both(before: float | None, after: float | None) -> str:
    return f"{_one(before)} [{_one(after)}]"


def _one(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _loss(before: float | None, after: float | None) -> str:
    return f"{_share(before)} [{_share(after)}]"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
