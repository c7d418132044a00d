"""Dates, shares and features in the words of the digest. Nothing here depends on the machine's language."""

import datetime as dt
import re

from options_signals.sessions import NEW_YORK
from options_signals.signals import Contribution

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
REPEAT, REVISED = "REPEAT", "REVISED"
MOST_CHANGES = 12  # told by name
LONGEST = 300  # characters of one reason: a provider may answer with a whole page

FEATURES = {
    "adx": "trend strength (ADX)",
    "atr_pct": "daily range (ATR)",
    "bb_position": "place in the Bollinger band",
    "bb_width": "Bollinger width",
    "breakeven_inflation_10y": "expected inflation",
    "cpi_yoy": "inflation",
    "di_diff": "directional index",
    "dist_from_high_52w": "distance from 52-week high",
    "dist_from_low_52w": "distance from 52-week low",
    "fed_funds_effective": "policy rate",
    "hv": "realised volatility",
    "hv_ratio_5_20": "5- to 20-day volatility",
    "hv_ratio_20_60": "20- to 60-day volatility",
    "iv_hv_spread": "implied less realised volatility",
    "iv_percentile": "IV percentile",
    "iv_rank": "IV rank",
    "macd_pct": "MACD",
    "mfi": "money flow",
    "obv": "on-balance volume",
    "price_vs_sma20": "price against 20-day mean",
    "price_vs_sma50": "price against 50-day mean",
    "price_vs_sma200": "price against 200-day mean",
    "real_rate_10y": "real rate",
    "returns": "momentum",
    "roc": "rate of change",
    "rsi": "RSI",
    "stoch_d": "slow stochastic",
    "stoch_k": "stochastic",
    "unemployment_rate": "unemployment",
    "vix_close": "volatility index",
    "vix_term_slope": "term slope",
    "vix_zscore": "volatility index against its mean",
    "vix": "volatility index",
    "volume_ratio": "volume",
    "williams_r": "Williams %R",
    "yield_2y": "2-year yield",
    "yield_3m": "3-month yield",
    "yield_10y": "10-year yield",
    "yield_spread_10y_2y": "yield curve",
}
SHOWN_WITH_VALUE = frozenset({"adx_14", "iv_percentile", "iv_rank", "mfi", "rsi_14", "rsi_28", "stoch_d", "stoch_k"})
WINDOW = re.compile(r"^(?P<stem>.+?)(?P<change>_change)?_(?P<days>\d+)d?$")


def clean(text: str, most: int = LONGEST) -> str:
    """One line of printable characters, cut to `most` with an ellipsis: what others wrote may hold anything."""
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return printable if len(printable) <= most else printable[: most - 1].rstrip() + "…"


def day(date: dt.date) -> str:
    """As in "23 Nov"."""
    return f"{date.day} {MONTHS[date.month - 1]}"


def weekday(date: dt.date) -> str:
    """As in "Wed 23 Nov"."""
    return f"{WEEKDAYS[date.weekday()]} {day(date)}"


def clock(instant: dt.datetime) -> str:
    """New York time, as in "16:31"."""
    return f"{instant.astimezone(NEW_YORK):%H:%M}"


def captured(instant: dt.datetime, session: dt.date) -> str:
    """New York time of a capture, with its date where that is not the session: "16:31", "2 Jan 2023 09:05"."""
    date = instant.astimezone(NEW_YORK).date()
    return clock(instant) if date == session else f"{day(date)} {date.year} {clock(instant)}"


def percent(share: float) -> str:
    """As in "58 %"."""
    return f"{100 * share:.0f} %"


def plural(count: int, thing: str) -> str:
    """As in "1 signal", "2 signals", "no signals"."""
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


def listed(items: list[str], most: int) -> str:
    """The first `most`, and how many more: "SPY, QQQ, +3 more"."""
    more = [f"+{len(items) - most} more"] if len(items) > most else []
    return ", ".join(items[:most] + more)


def feature(name: str) -> str:
    """A feature as people say it: "20-day momentum" for returns_20d; unknown ones lose their underscores.

    Examples
    --------
    >>> feature("yield_10y_change_20d")
    '20-day change of 10-year yield'
    """
    if name in FEATURES:
        return FEATURES[name]
    window = WINDOW.match(name)
    if window is None:
        return clean(name.replace("_", " "), 40)
    stem = feature(window["stem"])
    if window["stem"] == "rsi":
        return f"{stem}({window['days']})" if window["days"] != "14" else stem
    return f"{window['days']}-day {'change of ' if window['change'] else ''}{stem}"


def contribution(given: Contribution) -> str:
    """What speaks for up (+) or down (-): "20-day momentum +", "RSI 62 +"."""
    shown = f" {given.value:.0f}" if given.feature in SHOWN_WITH_VALUE and given.value is not None else ""
    return f"{feature(given.feature)}{shown} {'+' if given.log_odds >= 0 else '-'}"
