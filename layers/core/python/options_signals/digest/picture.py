"""A ticket's payoff as a picture: profit and loss at expiry over the price of the underlying, as a PNG.

Drawn with Pillow, whose files for PNG and type add 13 MiB to a function; matplotlib and what it needs add 75, and no
function has so much room. Pillow draws no smooth lines, so the picture is drawn three times too large and reduced.
"""

from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from math import ceil, exp, floor, log10, sqrt
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from options_signals.pricing.black_scholes import DAYS_PER_YEAR
from options_signals.strategy.payoff import Payoff
from options_signals.tickets import SHARES, Ticket

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 90, 24, 100, 84  # margins around the plot
SHARPER = 3

INK, GREY, PALE, BAND = "#1f2933", "#65727f", "#dde3e8", "#eef3f8"
GAIN, LOSS, GAIN_FILL, LOSS_FILL = "#18794e", "#c4314b", "#d6f0e0", "#fadfe3"

type Point = tuple[float, float]


class _Frame(NamedTuple):
    """From USD to pixels."""

    low: float
    high: float
    bottom: float
    top: float

    def x(self, price: float) -> float:
        return LEFT + (price - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def y(self, usd: float) -> float:
        return HEIGHT - BOTTOM - (usd - self.bottom) / (self.top - self.bottom) * (HEIGHT - TOP - BOTTOM)


class _Pen:
    """Draws in the picture's own pixels onto the larger one."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * SHARPER, HEIGHT * SHARPER), "white")
        self._draw = ImageDraw.Draw(self.image)

    def line(self, start: Point, end: Point, colour: str, width: float = 1) -> None:
        self._draw.line([_large(start), _large(end)], fill=colour, width=round(width * SHARPER))

    def dashes(self, x: float, top: float, bottom: float, colour: str) -> None:
        for at in range(round(top), round(bottom), 8):
            self.line((x, at), (x, min(at + 4, bottom)), colour)

    def area(self, points: list[Point], colour: str) -> None:
        self._draw.polygon([_large(point) for point in points], fill=colour)

    def dot(self, at: Point, colour: str, radius: float = 5) -> None:
        x, y = _large(at)
        r = radius * SHARPER
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour, outline="white", width=SHARPER)

    def text(
        self,
        at: Point,
        words: str,
        colour: str = INK,
        *,
        size: float = 13,
        anchor: str = "la",
        ground: str | None = None,
    ) -> None:
        font = ImageFont.load_default(size * SHARPER)
        if ground:
            box = self._draw.textbbox(_large(at), words, font=font, anchor=anchor)
            self._draw.rectangle((box[0] - 6, box[1] - 6, box[2] + 6, box[3] + 6), fill=ground)
        self._draw.text(_large(at), words, fill=colour, font=font, anchor=anchor)

    def png(self) -> bytes:
        out = BytesIO()
        self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(256).save(out, "PNG", optimize=True)
        return out.getvalue()


def draw_payoff(ticket: Ticket, *, stamp: str = "") -> bytes:
    """The payoff of all contracts at the worst price and after commissions, as the bytes of a PNG of 900 x 520 pixels.

    Parameters
    ----------
    stamp
        Words across the corner for what must not be mistaken, such as SIMULATED.
    """
    payoff = Payoff.of(ticket.legs, cost=ticket.limit.cost + ticket.commission_usd / SHARES)
    points = _points(ticket, payoff)
    frame = _frame(points)
    pen = _Pen()
    _band(pen, frame, ticket)
    _axes(pen, frame)
    _line(pen, frame, points)
    _marks(pen, frame, ticket, payoff)
    _words(pen, ticket, stamp)
    return pen.png()


def _deviation(ticket: Ticket) -> tuple[float, float]:
    """The prices one standard deviation below and above the forward at expiry, by the market's volatility."""
    total = ticket.atm_iv * sqrt(ticket.days / DAYS_PER_YEAR)
    return ticket.forward * exp(-total), ticket.forward * exp(total)


def _points(ticket: Ticket, payoff: Payoff) -> list[Point]:
    """The corners of the line within view, price and USD; a breakeven is a corner, so that the colour changes there."""
    below, above = _deviation(ticket)
    shown = [*(float(leg.strike) for leg in ticket.legs), *(float(at) for at in payoff.breakevens), below, above]
    room = 0.12 * (max(shown) - min(shown))
    low, high = max(min(shown) - room, 0.0), max(shown) + room
    corners = sorted({low, high, *(float(kink) for kink in (*payoff.kinks, *payoff.breakevens))})
    return [(price, _profit(ticket, payoff, price)) for price in corners if low <= price <= high]


def _profit(ticket: Ticket, payoff: Payoff, price: float) -> float:
    per_share = float(payoff.at(ticket.spot.from_float(price)))
    return per_share * SHARES * ticket.contracts


def _frame(points: list[Point]) -> _Frame:
    amounts = [usd for _, usd in points]
    room = 0.14 * (max(amounts) - min(amounts))
    return _Frame(points[0][0], points[-1][0], min(amounts) - room, max(amounts) + room)


def _band(pen: _Pen, frame: _Frame, ticket: Ticket) -> None:
    below, above = (frame.x(price) for price in _deviation(ticket))
    pen.area([(below, TOP), (above, TOP), (above, HEIGHT - BOTTOM), (below, HEIGHT - BOTTOM)], BAND)


def _axes(pen: _Pen, frame: _Frame) -> None:
    for usd in _ticks(frame.bottom, frame.top, 6):
        pen.line((LEFT, frame.y(usd)), (WIDTH - RIGHT, frame.y(usd)), INK if usd == 0 else PALE)
        pen.text((LEFT - 8, frame.y(usd)), _usd(usd), GREY, anchor="rm")
    for price in _ticks(frame.low, frame.high, 9):
        pen.line((frame.x(price), HEIGHT - BOTTOM), (frame.x(price), HEIGHT - BOTTOM + 5), GREY)
        pen.text((frame.x(price), HEIGHT - BOTTOM + 9), f"{price:g}", GREY, anchor="ma")


def _line(pen: _Pen, frame: _Frame, points: list[Point]) -> None:
    for (left, first), (right, second) in pairwise(points):
        won = first + second > 0
        start, end = (frame.x(left), frame.y(first)), (frame.x(right), frame.y(second))
        zero = frame.y(0)
        pen.area([start, end, (end[0], zero), (start[0], zero)], GAIN_FILL if won else LOSS_FILL)
        pen.line(start, end, GAIN if won else LOSS, 2.5)
    pen.line((LEFT, frame.y(0)), (WIDTH - RIGHT, frame.y(0)), INK)


def _marks(pen: _Pen, frame: _Frame, ticket: Ticket, payoff: Payoff) -> None:
    spot = frame.x(float(ticket.spot))
    pen.dashes(spot, TOP, HEIGHT - BOTTOM, INK)
    pen.text((spot, TOP - 4), f"now {ticket.spot:.2f}", anchor="md")
    for at in payoff.breakevens:
        where = (frame.x(float(at)), frame.y(0))
        pen.dot(where, INK)
        pen.text((where[0], where[1] - 12), f"{at:.2f}", anchor="md", ground="white")


def _words(pen: _Pen, ticket: Ticket, stamp: str) -> None:
    legs = ", ".join(f"{leg.action} {leg.option}" for leg in ticket.legs)
    count = f"{ticket.contracts} contract{'s' if ticket.contracts > 1 else ''}"
    name = ticket.structure.replace("_", " ")
    pen.text((LEFT, 16), f"{ticket.underlying} {name}, {ticket.expiration} ({ticket.days} days), {count}", size=19)
    price = f"{ticket.limit.side} {ticket.limit.mid:.2f}, {_LIMIT[ticket.limit.side]} {ticket.limit.worst:.2f}"
    pen.text((LEFT, 48), f"{legs}: {price}", GREY, size=14)
    pen.text((WIDTH - RIGHT, 18), stamp, LOSS, size=16, anchor="ra")
    pen.text((LEFT, HEIGHT - 46), " ".join(_extremes(ticket)), size=14)
    what = (
        "Profit and loss in USD at expiry over the price of the underlying, at the worst price and after commissions."
    )
    pen.text((LEFT, HEIGHT - 22), f"{what} Shaded: one standard deviation, by the market.", GREY, size=11)


_LIMIT = {"debit": "at most", "credit": "at least"}


def _extremes(ticket: Ticket) -> Iterator[str]:
    best, worst = ticket.max_profit_usd, ticket.max_loss_usd
    yield "Most it can win: " + ("no limit." if best is None else f"{_usd(float(best) * ticket.contracts)} USD.")
    yield "Most it can lose: " + ("no limit." if worst is None else f"{_usd(float(worst) * ticket.contracts)} USD.")
    yield f"Chance of profit by the market: {ticket.market.probability_of_profit:.0%}."


def _usd(amount: float) -> str:
    return f"{amount:,.0f}"


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers within the limits, at most so many: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [round(count * step, 10) for count in range(ceil(low / step), floor(high / step) + 1)]


def _large(at: Point) -> Point:
    return at[0] * SHARPER, at[1] * SHARPER
