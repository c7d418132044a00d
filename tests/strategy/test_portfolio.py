import datetime as dt

import pytest
from options_signals.strategy.portfolio import EquityPoint, Holdings, Position
from pydantic import ValidationError

MONDAY, TUESDAY = dt.date(2022, 11, 21), dt.date(2022, 11, 22)


def point(session: dt.date) -> EquityPoint:
    return EquityPoint(session=session, equity_usd=25_000)


def test_positions_in_one_underlying_add_up() -> None:
    def position(ticker: str, share: float) -> Position:
        return Position(ticker=ticker, risk_share=share, assumed=True)

    holdings = Holdings(positions=(position("SPY", 0.01), position("QQQ", 0.02), position("SPY", 0.005)))

    assert holdings.open_shares == {"SPY": 0.015, "QQQ": 0.02}
    assert holdings.total_share == pytest.approx(0.035)


@pytest.mark.parametrize("days", [(TUESDAY, MONDAY), (MONDAY, MONDAY)])
def test_equity_ascends(days: tuple[dt.date, ...]) -> None:
    assert Holdings(equity=(point(MONDAY), point(TUESDAY))).equity[1].session == TUESDAY
    with pytest.raises(ValidationError, match="oldest first"):
        Holdings(equity=tuple(point(day) for day in days))


def test_equity_of_a_day_without_trading_is_refused() -> None:
    with pytest.raises(ValidationError, match="a trading day"):
        point(dt.date(2022, 11, 24))
