"""A walk through the past as the daily run would have gone it: trained on what came before, served through bundles.

Every year (by default) the models are trained anew on the data up to the evening before, exported, opened with all
checks of serving, and asked on each session until the next training. Their figures, and so whether a direction counts
as proven, are those of that evening's card. Nothing of a forecast rests on a later day.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from options_signals import sessions
from options_signals.features.arrays import SESSIONS_PER_YEAR
from options_signals.features.inputs import Columns, feature_table
from options_signals.models.bundle import Bundle, open_bundle
from options_signals.models.forecast import forecast_directions, forecast_ivs
from options_signals.signals import Forecast, VolatilityRegime
from options_signals.strategy.bets import Held

from training.bootstrap import FloatArray
from training.dataset import History
from training.labels import HORIZON
from training.priced import Moved
from training.report import Trained
from training.train import train_direction, train_iv_regime

YEAR = 252  # sessions between two trainings
CONTEXT = ("hv_iv_ratio", "hv_20", "volatility_regime")  # what a decision looks at beside the models

Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One ticker after one session: what was forecast, and what came of the days in which a trade was held.

    A trade is entered at the next session's open and left at the close 5 sessions after its signal's.
    """

    forecast: Forecast
    held: Held
    moved: Moved


def walk(
    history: History,
    tickers: Sequence[str],
    *,
    first: dt.date,
    every: int = YEAR,
    resamples: int = 200,
    progress: Progress = lambda _: None,
) -> Iterator[Seen]:
    """Everything seen from a first session to the end of the history, by part, ticker and session.

    A session whose outcome the history does not hold is left out, and one whose IV rank is unknown.

    Parameters
    ----------
    first
        Session of the first forecasts; the models for it know the sessions before it only.
    every
        Sessions between two trainings.
    resamples
        Of the bootstrap behind each card's intervals.
    """
    days = sessions.between(first, history.through)
    columns = {ticker: history.of(ticker) for ticker in tickers}
    for start in range(0, len(days), every):
        part = days[start : start + every]
        known = through(history, sessions.shift(part[0], -1))
        now = dt.datetime.combine(known.through, dt.time(), dt.UTC)
        for ticker in tickers:
            direction, iv = (
                _served(train(known, [ticker], now=now, resamples=resamples))
                for train in (train_direction, train_iv_regime)
            )
            yield from _asked(direction, iv, columns[ticker], part)
        progress(f"walked {part[0]} to {part[-1]}")


def through(history: History, last: dt.date) -> History:
    """The history as it was known on the evening of a session."""
    day, macro = pd.Timestamp(last), history.macro
    return replace(
        history,
        bars=history.bars[history.bars["session"] <= day],
        vol_indices=history.vol_indices[history.vol_indices["session"] <= day],
        macro=None if macro is None else macro[macro["available_on"] <= day],
        through=last,
    )


def _served(trained: Trained) -> Bundle:
    return open_bundle(trained.card, trained.graph)


def _asked(direction: Bundle, iv: Bundle, columns: Columns, part: Sequence[dt.date]) -> Iterator[Seen]:
    """The forecasts of one part, by the two models that serve it."""
    names = tuple(dict.fromkeys((*direction.card.inputs, *iv.card.inputs, *CONTEXT, "iv_rank")))
    outcomes = _outcomes(columns)
    table = feature_table(columns, names)
    wanted = table["session"].dt.date.isin(outcomes.keys() & set(part)) & table["iv_rank"].notna()
    asked = table[wanted]
    rows: list[dict[str, float]] = asked[list(names)].to_dict("records")
    spots = dict(zip(columns.sessions.date, columns.arrays["traded_close"].tolist(), strict=True))
    index = str(columns.index)
    for day, row, up, regime in zip(
        asked["session"].dt.date,
        rows,
        forecast_directions(direction, rows),
        forecast_ivs(iv, rows, index=index, proxy=columns.index_is_proxy),
        strict=True,
    ):
        held, moved = outcomes[day]
        forecast = Forecast(
            ticker=columns.ticker, session=day, spot=spots[day], direction=up, iv=regime, **_context(row)
        )
        yield Seen(forecast=forecast, held=held, moved=moved)


def _context(row: Mapping[str, float]) -> dict[str, Any]:
    """What else a decision looks at; None where it is unknown, as a run stores it."""
    known = {name: None if np.isnan(row[name]) else row[name] for name in CONTEXT}
    code = known.pop("volatility_regime")
    return known | {"volatility_regime": None if code is None else list(VolatilityRegime)[int(code)]}


def _outcomes(columns: Columns) -> dict[dt.date, tuple[Held, Moved]]:
    """What came of a trade after each session whose following five all have prices, and whose index is known."""
    open_, close, level = (columns.arrays[name] for name in ("open", "close", "index_close"))
    days = columns.sessions.date
    outcomes = {}
    for at in range(len(days) - HORIZON):
        path = np.array([open_[at + 1], *close[at + 1 : at + HORIZON + 1]])
        known = np.isfinite([*path, level[at], level[at + HORIZON]]).all()
        if known and days[at + HORIZON] == sessions.shift(days[at], HORIZON):
            held_days = (days[at + HORIZON] - days[at + 1]).days
            outcomes[days[at]] = _outcome(path, level[at], level[at + HORIZON], held_days)
    return outcomes


def _outcome(path: FloatArray, level: float, later: float, days: int) -> tuple[Held, Moved]:
    """From the entry's open over the closes of the sessions held; the index's level at the signal's close."""
    returns = np.log(path[1:] / path[:-1])
    held = Held(
        underlying_return=float(path[-1] / path[0] - 1.0),
        implied_vol=float(level / 100.0),
        realised_vol=float(np.sqrt(SESSIONS_PER_YEAR * np.mean(returns**2))),
        sessions=HORIZON,
    )
    moved = Moved(
        entry=float(path[0]),
        exit=float(path[-1]),
        entry_vol=float(level / 100.0),
        exit_vol=float(later / 100.0),
        days=days,
    )
    return held, moved
