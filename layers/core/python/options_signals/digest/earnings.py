"""What is said of a ticker whose earnings are near: when, how far the price may move, and what options price."""

import datetime as dt
from collections.abc import Iterator

from options_signals.digest.words import day
from options_signals.signals import Announcement, Forecast, MoveForecast

NEAR = dt.timedelta(days=30)
_RELEASE = {"pre": " before open", "post": " after close", None: ", time unknown"}


def earnings_lines(forecast: Forecast | None) -> Iterator[str]:
    """One statement, without what is not known; none where no announcement is known within the next 30 days.

    As in "earnings 26 May after close; reaction 27 May; options price ±5.1 % (one standard deviation), model 3.2 %
    median (10-90 %: 0.8-9.4 %)".
    """
    announcement = forecast.announcement if forecast else None
    if forecast and announcement and announcement.announced_on - forecast.session <= NEAR:
        yield "; ".join(part for part in (_when(announcement), _reaction(announcement), _moves(forecast)) if part)


def _when(announcement: Announcement) -> str:
    return f"earnings {day(announcement.announced_on)}{_RELEASE[announcement.release_time]}"


def _reaction(announcement: Announcement) -> str:
    return f"reaction {' or '.join(day(one) for one in announcement.reactions)}"


def _moves(forecast: Forecast) -> str:
    implied, move = forecast.implied_move, forecast.move
    priced = None if implied is None else f"options price ±{100 * implied:.1f} % (one standard deviation)"
    return ", ".join(part for part in (priced, move and _foretold(move)) if part)


def _foretold(move: MoveForecast) -> str:
    return f"model {100 * move.p50:.1f} % median (10-90 %: {100 * move.p10:.1f}-{100 * move.p90:.1f} %)"
