"""The strategies: the matrix, three that look at today's volatility where it looks ahead, and one for earnings.

```text
matrix              the forecast regime and the direction
iv_rank_reversion   premium with a defined risk is sold at a high IV rank and bought at a low one
five_regimes        by level and trend of volatility: what is cheap is bought, what is dear or calming down is sold
adaptive            switches by regime: reversion at the extremes, five_regimes while volatility moves, else the matrix
iv_crush            sells the move that options price on earnings, where a model expects a smaller one; see `crush`
```
"""

from collections.abc import Mapping

from options_signals.errors import InvalidValueError
from options_signals.signals import IvRegime, VolatilityRegime
from options_signals.strategy.bets import BacktestHook, expected_moves, volatility_edge
from options_signals.strategy.crush import IV_CRUSH
from options_signals.strategy.interface import Choice, Situation, StrategyRule
from options_signals.strategy.matrix import DIRECTIONAL, IRON_CONDOR, LONG_STRADDLE, Cell, cell_for
from options_signals.strategy.rules import skill, unproven


def _matrix(seen: Situation) -> Choice:
    cell = cell_for(seen.direction.direction, seen.iv.regime, trusted=seen.trusted)
    return Choice(cell, _because(seen, cell, f"volatility {seen.iv.regime} with {seen.iv.confidence:.2f}"))


def _iv_rank_reversion(seen: Situation) -> Choice:
    rank, low, high = seen.iv.iv_rank, seen.decision.buy_iv_rank, seen.decision.sell_iv_rank
    if rank >= high:
        cell = _sold(seen)
        return Choice(cell, _because(seen, cell, f"premium is sold at an IV rank of {rank:.0f}, from {high:g} on"))
    if rank <= low:
        cell = _bought(seen)
        return Choice(cell, _because(seen, cell, f"premium is bought at an IV rank of {rank:.0f}, up to {low:g}"))
    return Choice(None, f"an IV rank of {rank:.0f} lies between {low:g} and {high:g}, from where it need not return")


def _five_regimes(seen: Situation) -> Choice:
    regime = _regime(seen)
    cell = _OF_REGIME[regime](seen)
    ratio = seen.forecast.hv_iv_ratio
    told = f"volatility regime {regime} (IV rank {seen.iv.iv_rank:.0f}, realised over implied {ratio:.2f})"
    return Choice(cell, _because(seen, cell, told))


def _adaptive(seen: Situation) -> Choice:
    regime = _regime(seen)
    follows = _SWITCH[regime]
    choice = follows.choose(seen)
    return choice._replace(why=f"{regime}, so by {follows.name}: {choice.why}")


def _regime(seen: Situation) -> VolatilityRegime:
    regime = seen.forecast.volatility_regime
    if regime is None:
        raise InvalidValueError(name="volatility_regime", value=None, allowed="known, as `needs` says")
    return regime


def _sold(seen: Situation) -> Cell:
    """Premium sold with a limited loss: a credit spread with the direction, a condor without."""
    return DIRECTIONAL[seen.direction.direction, IvRegime.HIGH] if seen.trusted else IRON_CONDOR


def _bought(seen: Situation) -> Cell:
    """Premium bought: calls or puts with the direction, both without."""
    return DIRECTIONAL[seen.direction.direction, IvRegime.LOW] if seen.trusted else LONG_STRADDLE


def _spread(seen: Situation) -> Cell:
    """Premium neither cheap nor dear: a debit spread with the direction; without trust in it only as the lean."""
    return DIRECTIONAL[seen.direction.direction, IvRegime.NORMAL]


def _because(seen: Situation, cell: Cell, volatility: str) -> str:
    sure = seen.direction.confidence
    if not cell.neutral:
        return f"direction {seen.direction.direction} with {sure:.2f} and {volatility}"
    if unproven(seen.direction, seen.decision):
        return f"{volatility}, and no proven skill in direction ({skill(seen.direction)})"
    return f"{volatility}, and no clear direction ({sure:.2f})"


_OF_REGIME = {
    VolatilityRegime.LOW_VOL: _bought,  # cheap, and it can only rise
    VolatilityRegime.HIGH_VOL: _sold,  # dear
    VolatilityRegime.IV_EXPANSION: _spread,  # realised keeps up with implied: selling is not paid for
    VolatilityRegime.IV_CONTRACTION: _sold,  # implied stands far above realised, and falls
    VolatilityRegime.NEUTRAL: _spread,
}

MATRIX = StrategyRule(
    name="matrix",
    choose=_matrix,
    backtest=BacktestHook(outcome=expected_moves, unit="moves that implied volatility expects"),
)
IV_RANK_REVERSION = StrategyRule(
    name="iv_rank_reversion",
    choose=_iv_rank_reversion,
    backtest=BacktestHook(outcome=volatility_edge, unit="volatility per year, decimal"),
)
FIVE_REGIMES = StrategyRule(
    name="five_regimes",
    choose=_five_regimes,
    backtest=BacktestHook(outcome=expected_moves, unit="moves that implied volatility expects"),
    needs=("hv_iv_ratio", "volatility_regime"),
)
ADAPTIVE = StrategyRule(
    name="adaptive",
    choose=_adaptive,
    backtest=BacktestHook(outcome=expected_moves, unit="moves that implied volatility expects"),
    needs=("hv_iv_ratio", "volatility_regime"),
)

_SWITCH: Mapping[VolatilityRegime, StrategyRule] = {
    VolatilityRegime.LOW_VOL: IV_RANK_REVERSION,
    VolatilityRegime.HIGH_VOL: IV_RANK_REVERSION,
    VolatilityRegime.IV_EXPANSION: FIVE_REGIMES,
    VolatilityRegime.IV_CONTRACTION: FIVE_REGIMES,
    VolatilityRegime.NEUTRAL: MATRIX,
}
STRATEGIES: Mapping[str, StrategyRule] = {
    rule.name: rule for rule in (MATRIX, IV_RANK_REVERSION, FIVE_REGIMES, ADAPTIVE, IV_CRUSH)
}
