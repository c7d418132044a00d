"""The options endpoint: which expiries are asked for, and what is believed of a contract."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.chain.quotes import OCC_TAIL
from options_signals.errors import InvalidValueError, NotFoundError
from options_signals.sources.yahoo_web.charts import new_york_dates, require_dollars
from options_signals.sources.yahoo_web.line import PROVIDER, YahooLine, only_result
from options_signals.tables import CHAIN, MEMORY, validate

OPTIONS = "https://query2.finance.yahoo.com/v7/finance/options"
NEAR_DAYS, QUARTER_DAYS = 50, 90  # calendar days: every trade ends within the first; volatility is told at both ends
MOST_EXPIRIES = 11  # with the list of them: at most twelve requests a ticker
NO_SOLUTION = 1e-4  # where Yahoo finds no implied volatility it tells 0.00001


Stamps = dict[dt.date, int]


def chain_of(line: YahooLine, ticker: str, session: dt.date) -> pd.DataFrame:
    """Table `chain` of one underlying, of the expiries in `wanted`.

    Raises
    ------
    NotFoundError
        Where nothing is listed on it.
    InvalidValueError
        For quotes of another day, and for prices in another currency.
    """
    days, listed = _asked(line, ticker, session)
    asked = wanted(list(days), session)
    there = set(listed["expiration"].dt.date)
    others = [_asked(line, ticker, session, days[day])[1] for day in asked if day not in there]
    rows = pd.concat([listed, *others], ignore_index=True)
    rows = rows[rows["expiration"].isin([pd.Timestamp(day) for day in asked])].drop_duplicates()
    twice = rows["contract"].duplicated(keep=False)  # with two quotes: nobody can tell which one is good
    if twice.all():
        raise NotFoundError(what=f"standard option contracts on {ticker}", where=PROVIDER, remedy="It has no ticket.")
    return validate(CHAIN, rows[~twice])


def wanted(expirations: Sequence[dt.date], session: dt.date) -> list[dt.date]:
    """The expiries a day needs, at most eleven.

    Those next to 90 days, then the last one of each week within 50 days, then the others within 50 days from the
    nearest on.
    """
    ahead = sorted(day for day in set(expirations) if day > session)
    near = [day for day in ahead if (day - session).days <= NEAR_DAYS]
    before = [day for day in ahead if (day - session).days <= QUARTER_DAYS]
    after = [day for day in ahead if (day - session).days >= QUARTER_DAYS]
    weekly = {day.isocalendar()[:2]: day for day in near}.values()
    return sorted(list(dict.fromkeys([*before[-1:], *after[:1], *weekly, *near]))[:MOST_EXPIRIES])


def _asked(line: YahooLine, ticker: str, session: dt.date, stamp: int | None = None) -> tuple[Stamps, pd.DataFrame]:
    """Every expiry with Yahoo's stamp of it, and the quotes of one; without a stamp of the nearest."""
    symbol = ticker.replace(".", "-")

    def read(body: Mapping[str, Any]) -> tuple[Stamps, pd.DataFrame]:
        answer = only_result(body, "optionChain", f"options of {symbol}")
        days = dict(zip(new_york_dates(answer["expirationDates"]).dt.date, answer["expirationDates"], strict=True))
        if not days:
            raise NotFoundError(what=f"options on {ticker}", where=PROVIDER, remedy="It can have no ticket.")
        return days, _quotes(answer, ticker, session)

    return line.ask(ticker, f"{OPTIONS}/{symbol}", read, params={} if stamp is None else {"date": str(stamp)})


def _quotes(answer: Mapping[str, Any], ticker: str, session: dt.date) -> pd.DataFrame:
    """The rows of one answer, all of the moment its underlying was quoted."""
    quote = answer["quote"]
    require_dollars(ticker, quote["currency"])
    at = dt.datetime.fromtimestamp(quote["regularMarketTime"], dt.UTC)
    _require_session(ticker, at, session)
    contracts = [
        _row(contract, right)
        for options in answer["options"]
        for right in ("call", "put")
        for contract in options[f"{right}s"]
        if _is_standard(contract, ticker)
    ]
    rows = pd.DataFrame(contracts, columns=[column.name for column in CHAIN.columns])
    rows = rows.assign(
        underlying=ticker,
        captured_at=at,
        spot=quote["regularMarketPrice"],
        expiration=new_york_dates(rows["expiration"].to_list()),
        open_interest=_told(rows["open_interest"]),
    )
    return rows.astype({column.name: MEMORY[column.kind] for column in CHAIN.columns})


def _require_session(ticker: str, at: dt.datetime, session: dt.date) -> None:
    local = at.astimezone(sessions.NEW_YORK)
    if local.date() != session:
        raise InvalidValueError(
            name=f"time of the quotes of {ticker}",
            value=f"{local:%Y-%m-%d %H:%M} in New York",
            allowed=f"one of {session}",
            remedy="Yahoo tells quotes of now only: ask on the evening of the session.",
        )


def _is_standard(contract: Mapping[str, Any], ticker: str) -> bool:
    """On a hundred shares: neither mini, nor of a root that a split or a merger has changed."""
    root = contract["contractSymbol"][:-OCC_TAIL]
    return (contract["contractSize"], contract["currency"], root) == ("REGULAR", "USD", ticker.replace(".", ""))


def _row(contract: Mapping[str, Any], right: str) -> dict[str, Any]:
    bid, ask, volatility = (contract.get(name, np.nan) for name in ("bid", "ask", "impliedVolatility"))
    return {
        "contract": contract["contractSymbol"],
        "expiration": contract["expiration"],
        "right": right,
        "strike": contract["strike"],
        "bid": bid,
        "ask": ask,
        "last": contract.get("lastPrice", np.nan),
        "volume": contract.get("volume", np.nan),
        "implied_vol": volatility if bid > 0 and ask > 0 and volatility > NO_SOLUTION else np.nan,
        "open_interest": contract.get("openInterest", np.nan),
    }


def _told(open_interest: pd.Series) -> pd.Series:
    """Unknown where Yahoo writes 0 for every contract of an expiry, as it does while the new count is not there."""
    return open_interest if (open_interest > 0).any() else open_interest * np.nan
