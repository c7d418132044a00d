"""From a structure to contracts: the expiry by the window of days, the strikes by our own deltas, if liquid enough."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from options_signals import sessions
from options_signals.chain.book import Book, NoSmile
from options_signals.pricing.smile import Smile
from options_signals.settings import Tickets
from options_signals.signals import Leg
from options_signals.strategy.structures import Structure
from options_signals.tickets import Refusal, TicketLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Contracts of one expiry, and what was passed over for them."""

    expiration: dt.date
    smile: Smile
    rows: pd.DataFrame  # as `Book.options` gives them, one per leg
    legs: tuple[TicketLeg, ...]
    passed_over: tuple[str, ...] = ()


class Refused(NamedTuple):
    """Why nothing could be chosen."""

    refusal: Refusal
    reason: str


def is_monthly(expiration: dt.date) -> bool:
    """Whether it is a third Friday, or the session before where that Friday is a holiday."""
    friday = expiration if expiration.weekday() == 4 else expiration + dt.timedelta(days=1)
    third = friday.weekday() == 4 and 15 <= friday.day <= 21
    return third and (expiration == friday or not sessions.is_session(friday))


def choose(structure: Structure, book: Book, limits: Tickets) -> Choice | Refused:
    """The contracts of the first expiry in the window where every leg can be had.

    Expiries of the preferred kind come first, then those nearest to the middle of the window; by date alone where
    the structure asks for the soonest.
    """
    low, high = structure.days
    window = [day for day in book.expirations if low <= book.days(day) <= high]
    if not window:
        return Refused(Refusal.NO_EXPIRY, _no_expiry(book, low, high))

    def order(day: dt.date) -> tuple[bool, float, dt.date]:
        if structure.soonest:
            return False, 0.0, day
        return is_monthly(day) != (limits.first == "monthly"), abs(book.days(day) - (low + high) / 2), day

    refused: list[Refused] = []
    for expiration in sorted(window, key=order):
        found = _of_expiry(structure, book, expiration, limits)
        if isinstance(found, Choice):
            return replace(found, passed_over=tuple(f"passed over {each.reason}" for each in refused))
        refused.append(found)
    return refused[0]


def _no_expiry(book: Book, low: int, high: int) -> str:
    near = sorted(book.expirations, key=lambda day: min(abs(book.days(day) - low), abs(book.days(day) - high)))[:2]
    there = ", ".join(f"{day} ({book.days(day)} days)" for day in sorted(near))
    return f"no tradable expiry from {low} to {high} days; the nearest: {there}"


def _of_expiry(structure: Structure, book: Book, expiration: dt.date, limits: Tickets) -> Choice | Refused:
    smile = book.smile(expiration)
    if isinstance(smile, NoSmile):
        return Refused(Refusal.NO_SMILE, f"{expiration}: {smile.reason}")
    options = book.options(expiration, smile)
    chosen: list[tuple[Leg, pd.Series[Any]]] = []
    for leg in structure.legs:
        row = _row(leg, _candidates(leg, chosen, options, same_strike=structure.same_strike), limits)
        if isinstance(row, Refused):
            return Refused(row.refusal, f"{expiration}: {row.reason}")
        chosen.append((leg, row))
    return Choice(
        expiration=expiration,
        smile=smile,
        rows=pd.DataFrame([row for _, row in chosen]),
        legs=tuple(_ticket_leg(leg, row) for leg, row in chosen),
    )


def _candidates(
    leg: Leg, chosen: list[tuple[Leg, "pd.Series[Any]"]], options: pd.DataFrame, *, same_strike: bool
) -> pd.DataFrame:
    """Options of the leg's right, on the proper side of the legs chosen before it."""
    rows = options[options["right"] == leg.right]
    for other, row in chosen:
        if same_strike:
            rows = rows[rows["strike"] == row["strike"]]
        elif other.right == leg.right:
            nearer = leg.max_delta > other.max_delta
            higher = (leg.right == "call") != nearer
            rows = rows[(rows["strike"] > row["strike"]) if higher else (rows["strike"] < row["strike"])]
    return rows


def _row(leg: Leg, rows: pd.DataFrame, limits: Tickets) -> "pd.Series[Any] | Refused":
    """The liquid option nearest to the wanted delta, within what settings allow to miss it by."""
    delta = rows["delta"].abs()
    middle = (leg.min_delta + leg.max_delta) / 2
    miss = (delta - leg.max_delta).clip(lower=0) + (leg.min_delta - delta).clip(lower=0)
    ranked = rows.assign(miss=miss, away=(delta - middle).abs()).sort_values(["miss", "away", "strike"])
    near = ranked[ranked["miss"] <= limits.max_delta_miss]
    if near.empty:
        return Refused(Refusal.NO_DELTA, _no_delta(leg, ranked))
    refused = [fault for _, row in near.iterrows() if (fault := _illiquid(row, limits))]
    if len(refused) == len(near):
        return Refused(refused[0].refusal, f"to {leg.words}: {refused[0].reason}")
    return next(row for _, row in near.iterrows() if not _illiquid(row, limits))


def _no_delta(leg: Leg, ranked: pd.DataFrame) -> str:
    if ranked.empty:
        return f"to {leg.words}: no tradable {leg.right} on that side of the other legs"
    nearest = ranked.iloc[0]
    return f"to {leg.words}: the nearest has a delta of {abs(nearest['delta']):.2f} at strike {nearest['strike']:g}"


def _illiquid(row: "pd.Series[Any]", limits: Tickets) -> Refused | None:
    spread, interest, name = row["ask"] - row["bid"], row["open_interest"], row["contract"]
    most = max(limits.max_spread_share * row["mid"], limits.tolerated_spread_usd)
    if spread > most + 1e-9:
        return Refused(
            Refusal.WIDE, f"{name} quotes {row['bid']:.2f} to {row['ask']:.2f}, a spread above {most:.2f} USD"
        )
    if pd.isna(interest):
        return None if limits.allow_unknown_oi else Refused(Refusal.ILLIQUID, f"the open interest of {name} is unknown")
    if interest < limits.min_open_interest:
        least = limits.min_open_interest
        return Refused(Refusal.ILLIQUID, f"{name} has an open interest of {interest:.0f}, needed: {least}")
    return None


def _ticket_leg(leg: Leg, row: "pd.Series[Any]") -> TicketLeg:
    return TicketLeg(
        contract=row["contract"],
        action=leg.action,
        right=leg.right,
        strike=money(row["strike"]),
        bid=money(row["bid"]),
        ask=money(row["ask"]),
        delta=float(row["delta"]),
        implied_vol=float(row["volatility"]),
        vendor_iv=None if pd.isna(row["implied_vol"]) else float(row["implied_vol"]),
        open_interest=None if pd.isna(row["open_interest"]) else int(row["open_interest"]),
    )


def money(value: float) -> Decimal:
    """A vendor's float as the whole cents it means: strikes and quotes of US options have no smaller part."""
    return Decimal(value).quantize(Decimal("0.01"))
