"""What a trader should know before taking a ticket: dividends, early exercise, announcements, a poor smile."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from options_signals.strategy.facts import EUROPEAN, Dividend, Facts
from options_signals.strategy.selection import Choice
from options_signals.tickets import TicketLeg

POOR_SMILE = 0.01  # one point of volatility
EXACT, ABOUT = dt.timedelta(0), dt.timedelta(days=7)  # how far off an ex-date may be; a quarter has 12 to 14 weeks


def cautions(
    choice: Choice, facts: Facts, *, underlying: str, spot: Decimal, smile_gap_usd: Decimal, costs_usd: Decimal
) -> tuple[str, ...]:
    """Every warning that applies, as sentences without a full stop.

    Parameters
    ----------
    smile_gap_usd
        What one contract is worth by the smile, less its mid prices.
    costs_usd
        Of one contract: a gap larger than they are is no longer noise.
    """
    return (
        *_dividends(choice, facts, underlying, spot),
        *_short_puts(choice, underlying, spot),
        *_announcement(choice, facts),
        *_smile(choice),
        *_gap(smile_gap_usd, costs_usd),
        *choice.passed_over,
    )


def _dividends(choice: Choice, facts: Facts, underlying: str, spot: Decimal) -> Iterator[str]:
    if underlying in EUROPEAN:
        return
    short_calls = [leg for leg in choice.legs if leg.action == "sell" and leg.right == "call"]
    if facts.dividends is None:
        if short_calls:
            yield "dividends are not known here: a short call in the money may be exercised the day before an ex-date"
        return
    for dividend in facts.dividends:
        if facts.session < dividend.ex_date <= choice.expiration + (EXACT if dividend.announced else ABOUT):
            yield _ex_dividend(underlying, dividend)
            yield from (_assignment(leg, dividend, spot) for leg in short_calls)


def _ex_dividend(underlying: str, dividend: Dividend) -> str:
    if dividend.announced:
        return f"{underlying} goes ex-dividend by {dividend.amount:.2f} USD on {dividend.ex_date}, before the expiry"
    return (
        f"{underlying} is expected to go ex-dividend about {dividend.ex_date}, perhaps before the expiry: "
        f"not announced, but usual then; {dividend.amount:.2f} USD last time"
    )


def _assignment(leg: TicketLeg, dividend: Dividend, spot: Decimal) -> str:
    """Exercise pays where the dividend is worth more than the time value given up. Source: Hull, on early exercise."""
    time_value = leg.mid - max(spot - leg.strike, Decimal(0))
    when = f"{dividend.ex_date}" if dividend.announced else "it"
    if spot > leg.strike and time_value < Decimal(dividend.amount):
        return (
            f"the short {leg.option} is in the money with {time_value:.2f} USD of time value, less than the "
            f"dividend: expect assignment the day before {when}"
        )
    return (
        f"the short {leg.option} may be assigned the day before {when}, if it is then in the money "
        f"with less than {dividend.amount:.2f} USD of time value"
    )


def _short_puts(choice: Choice, underlying: str, spot: Decimal) -> Iterator[str]:
    if underlying in EUROPEAN:
        return
    for leg in choice.legs:
        interest = leg.strike * Decimal(1 - choice.smile.discount)
        time_value = leg.mid - max(leg.strike - spot, Decimal(0))
        if leg.action == "sell" and leg.right == "put" and leg.strike > spot and time_value < interest:
            yield (
                f"the short {leg.option} is in the money with {time_value:.2f} USD of time value, less than the "
                f"interest on its strike: it may be assigned on any day"
            )


def _announcement(choice: Choice, facts: Facts) -> Iterator[str]:
    if facts.earnings_by(choice.expiration):
        yield f"earnings are announced on {facts.earnings_on}, before the expiry"


def _smile(choice: Choice) -> Iterator[str]:
    smile = choice.smile
    if smile.error > POOR_SMILE:
        yield f"the smile misses quotes near the money by {100 * smile.error:.1f} points: probabilities are rough"
    if not smile.least_density >= 0:
        yield "the quotes allow arbitrage between strikes that the smile could not smooth: probabilities are rough"


def _gap(gap: Decimal, costs: Decimal) -> Iterator[str]:
    if abs(gap) > costs:
        yield (
            f"by the smile it is worth {abs(gap):.2f} USD {'more' if gap > 0 else 'less'} than by its own mid prices: "
            f"its quotes may be of different moments"
        )
