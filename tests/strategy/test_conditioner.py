import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.settings import Decision, Settings
from options_signals.signals import IvRegime, NoTrade, Signal
from options_signals.strategy.conditioner import condition
from options_signals.strategy.decide import decide, refuse

from tests.strategy.forecasts import GOOD, SESSION, direction, forecast, volatility

EVERYTHING = Settings(decision=Decision(min_direction_normal=0.5, min_overall=0.4, floor_overall=0.4))


def market(*p_up: float, regime: IvRegime = IvRegime.NORMAL) -> list[Signal | NoTrade]:
    """One ticker for each probability of up: T00, T01, ..."""
    return [
        decide(forecast(direction(p), volatility(regime), ticker=f"T{n:02d}"), GOOD, EVERYTHING)
        for n, p in enumerate(p_up)
    ]


def left(decisions: list[Signal | NoTrade], long: float = 1.0, short: float = 1.0, least: int = 2) -> list[str]:
    """The tickers that still trade."""
    settings = Decision(long_share=long, short_share=short, min_universe=least)
    return [one.ticker for one in condition(decisions, settings) if isinstance(one, Signal)]


TEN = market(0.1, 0.2, 0.3, 0.4, 0.45, 0.55, 0.6, 0.7, 0.8, 0.9)


def test_by_default_everything_passes() -> None:
    assert condition(TEN, Decision()) == tuple(TEN)
    assert len(left(TEN)) == 10


@pytest.mark.parametrize(
    ("long", "short", "stay"),
    [
        (0.2, 0.3, ["T00", "T01", "T02", "T08", "T09"]),
        (0.29, 0.0, ["T08", "T09"]),
        (0.0, 0.1, ["T00"]),
    ],
)
def test_the_likeliest_of_each_side_stay(long: float, short: float, stay: list[str]) -> None:
    assert left(TEN, long, short) == stay


def test_a_lopsided_market_has_few_long_trades_however_sure_each_is() -> None:
    bullish = market(*[0.9 + 0.005 * n for n in range(10)])

    assert left(bullish, long=0.2) == ["T08", "T09"]


def test_equal_probabilities_stay_or_go_together() -> None:
    assert left(market(0.6, 0.7, 0.7, 0.4), long=0.25, short=1.0) == ["T01", "T02", "T03"]


def test_a_small_universe_is_left_alone() -> None:
    assert len(left(TEN, long=0.0, short=0.0, least=11)) == 10
    assert left(TEN, long=0.0, short=0.0, least=10) == []


def test_tickers_without_a_forecast_are_no_part_of_the_universe() -> None:
    blind = [refuse(ticker=f"X{n}", session=SESSION, reasons=("no bars",)) for n in range(10)]

    assert left([*TEN, *blind], long=0.2, short=0.0) == ["T08", "T09"]


def test_a_trade_without_a_direction_passes() -> None:
    condors = market(*[0.52] * 10, regime=IvRegime.HIGH)
    assert {one.strategy for one in condors if isinstance(one, Signal)} == {"Iron Condor"}

    assert len(left(condors, long=0.0, short=0.0)) == 10


def test_what_is_declined_keeps_its_lean_and_says_from_where_it_would_pass() -> None:
    declined = condition(TEN, Decision(long_share=0.2, short_share=0.0, min_universe=2))

    assert isinstance(declined[7], NoTrade)
    assert (declined[7].lean, declined[7].cause) == ("Bull Call Spread", "rule")
    assert declined[7].reasons == (
        "probability of up 0.700; of 10 tickers a long trade is taken from 0.800 on this date",
    )
    assert declined[0].reasons == ("probability of up 0.100; of 10 tickers a short trade is taken never",)


@hypothesis_settings(deadline=None, max_examples=50)
@given(p_up=st.lists(st.floats(0.01, 0.99), min_size=2, max_size=30, unique=True), share=st.floats(0.0, 1.0))
def test_at_most_that_share_of_the_universe_goes_long(p_up: list[float], share: float) -> None:
    decisions = market(*p_up)

    assert len(left(decisions, long=share, short=0.0)) <= share * len(p_up) + 1e-6
