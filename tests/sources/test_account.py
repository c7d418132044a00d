import datetime as dt

import pytest
from options_signals.errors import InvalidValueError
from options_signals.sources.account import parse_account
from options_signals.strategy.portfolio import EquityPoint, Event, Greeks

WHOLE = """
as_of: 2022-11-22
positions:
  - {ticker: SPY, risk_usd: 250}
  - {ticker: IWM, risk_usd: 180, delta_usd: 4200, vega_usd: -12}
equity:
  - {session: 2022-11-21, equity_usd: 25100}
  - {session: 2022-11-22, equity_usd: 26050, flow_usd: 1000}
events:
  - {on: 2022-12-14, name: FOMC}
  - {on: 2022-11-30, name: earnings, ticker: CRM}
"""


def refusal(text: str) -> str:
    with pytest.raises(InvalidValueError) as told:
        parse_account(text, name="account/live.yaml")
    return str(told.value)


def test_the_whole_file_is_read() -> None:
    account = parse_account(WHOLE, name="account/live.yaml")

    assert account.as_of == dt.date(2022, 11, 22)
    assert account.equity[1] == EquityPoint(session=dt.date(2022, 11, 22), equity_usd=26050, flow_usd=1000)
    assert account.events == (
        Event(on=dt.date(2022, 12, 14), name="FOMC"),
        Event(on=dt.date(2022, 11, 30), name="earnings", ticker="CRM"),
    )


def test_a_position_becomes_shares_of_the_account() -> None:
    spy, iwm = (position.of_account(25_000) for position in parse_account(WHOLE, name="x").positions)

    assert (spy.risk_share, spy.greeks, spy.assumed) == (0.01, None, False)
    assert iwm.greeks == Greeks(delta=0.168, vega=-0.00048)


def test_a_file_with_nothing_open_needs_only_its_date() -> None:
    assert parse_account("as_of: 2022-11-22", name="x").positions == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("positions: []", "as_of in account/live.yaml"),
        ("as_of: 2022-11-20", "as_of in account/live.yaml is '2022-11-20'; allowed: a trading day"),
        ("as_of: 2022-11-22\nposition: []", "position in account/live.yaml"),
        ("as_of: 2022-11-22\nequity:", "equity in account/live.yaml is ''; allowed: a list."),
        ("as_of: 2022-11-22\nas_of: 2022-11-21", "as_of stands there twice"),
        ("as_of: 2022-11-22\npositions: [{ticker: spy, risk_usd: 1}]", "positions.0.ticker in account/live.yaml"),
        ("as_of: 2022-11-22\npositions: [{ticker: SPY, risk_usd: -1}]", "positions.0.risk_usd in account/live.yaml"),
        ("as_of: 2022-11-22\npositions: [{ticker: SPY, risk_usd: nan}]", "positions.0.risk_usd in account/live.yaml"),
        ("as_of: 2022-11-22\npositions: [{ticker: SPY, risk_usd: 1, delta_usd: 2}]", "both or neither"),
        ("as_of: 2022-11-22\nequity: [{session: 2022-11-23, equity_usd: 1}]", "up to as_of"),
        (
            "as_of: 2022-11-22\nequity: [{session: 2022-11-22, equity_usd: 1}, {session: 2022-11-21, equity_usd: 1}]",
            "oldest first",
        ),
        ("as_of: 2022-11-22\nequity: [{session: 2022-11-22, equity_usd: 0}]", "equity.0.equity_usd"),
        ("as_of: [", "allowed: YAML"),
        ("", "it in account/live.yaml is None"),
    ],
)
def test_a_file_out_of_form_is_refused_by_name(text: str, told: str) -> None:
    assert told in refusal(text)
