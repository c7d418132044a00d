"""What to expect of a structure held to expiry: by the market's prices, and by the model's opinion.

*Market* is the distribution that the fitted smile implies; its mean is the forward. A trade at the mid prices is
fair under it, so the expected value is minus the costs, but for what the smile misses of the mid.
*Model* is lognormal: its volatility the mean of the implied one at the money and the realised one of 20 sessions (with
earnings before the expiry the implied one alone: no past session holds their move), its drift that of the model's
probability over the first 5 sessions, and none afterwards.
"""

import datetime as dt
from decimal import Decimal

import numpy as np

from options_signals import sessions
from options_signals.pricing.black_scholes import DAYS_PER_YEAR
from options_signals.pricing.lognormal import Lognormal, drift_for
from options_signals.pricing.smile import Smile
from options_signals.strategy.facts import Facts
from options_signals.strategy.payoff import Distribution, Payoff
from options_signals.tickets import SHARES, Outlook

HORIZON_SESSIONS = 5  # of the direction model
LEAST_P, MOST_P = 0.001, 0.999  # a probability of 0 or 1 would ask for an infinite drift
CENT = Decimal("0.01")


def outlook(payoff: Payoff, distribution: Distribution, *, discount: float) -> Outlook:
    """Probability of profit and expected value of one contract; what is paid at expiry is discounted to today."""
    paid = discount * payoff.expected(distribution)
    return Outlook(
        probability_of_profit=payoff.probability_of_profit(distribution),
        expected_value_usd=((Decimal(paid) - payoff.cost) * SHARES).quantize(CENT),
    )


def model_distribution(facts: Facts, smile: Smile, *, spot: float, expiration: dt.date) -> Lognormal | None:
    """The model's distribution at an expiry; None without its probability or without a realised volatility."""
    if facts.p_up is None or facts.realised_vol is None:
        return None
    past = smile.at_the_money if facts.earnings_by(expiration) else facts.realised_vol
    volatility = 0.5 * (smile.at_the_money + past)
    horizon = years_to_horizon(facts.session)
    p_up = min(max(facts.p_up, LEAST_P), MOST_P)
    drift = drift_for(p_up=p_up, total_volatility=volatility * np.sqrt(horizon))
    passed = min(1.0, smile.years / horizon)  # an expiry within the horizon sees its part of the drift
    total = volatility * float(np.sqrt(smile.years))
    return Lognormal(mean=spot * float(np.exp(drift * passed)), total_volatility=total)


def years_to_horizon(session: dt.date) -> float:
    """Calendar years of the 5 sessions after this one."""
    return (sessions.shift(session, HORIZON_SESSIONS) - session).days / DAYS_PER_YEAR


def kelly(payoff: Payoff, distribution: Distribution, *, at_risk: Decimal) -> float:
    """Share of the account that Kelly would put at risk on two outcomes: the mean gain, the mean loss.

    `f = P(win) / loss - P(loss) / gain`, gain and loss as shares of `at_risk` (USD per share, the max loss). 0 where
    nothing is to be won, and at most 1. Source: Kelly, A new interpretation of information rate, 1956, for a bet with
    a partial loss.
    """
    win = payoff.probability_of_profit(distribution)
    gains = payoff.expected_gain(distribution)
    losses = gains - (payoff.expected(distribution) - float(payoff.cost))
    if gains <= 0.0 or win <= 0.0:
        return 0.0
    if losses <= 0.0 or win >= 1.0:
        return 1.0
    gain, loss = gains / win / float(at_risk), losses / (1 - win) / float(at_risk)
    return min(max(win / loss - (1 - win) / gain, 0.0), 1.0)
