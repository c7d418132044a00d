"""Whatever a chain holds, the answer is a sound ticket or a refusal; never an exception, never a broken cap."""

from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from options_signals.settings import Decision, Risk, Settings, Tickets
from options_signals.strategy.payoff import Payoff
from options_signals.strategy.structures import STRUCTURES, structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tickets import SHARES, Ticket

from tests.chains import facts, flat_chain

CHAIN = flat_chain(strikes=tuple(range(80, 121, 2)))
LOOSE = Settings(
    risk=Risk(account_usd=1_000_000),
    decision=Decision(allow_undefined_risk=True),
    tickets=Tickets(allow_unknown_oi=True, max_delta_miss=0.3, max_spread_share=1.0),
)


def spoilt(seed: int, share: float, noise: float) -> pd.DataFrame:
    """The chain with a share of its quotes missing, zero, crossed or far off, and all of them noisy."""
    random = np.random.default_rng(seed)
    factor = np.exp(noise * random.standard_normal(len(CHAIN)))
    bid, ask = (CHAIN["bid"] * factor).round(2).to_numpy(), (CHAIN["ask"] * factor).round(2).to_numpy()
    bad, kind = random.random(len(CHAIN)) < share, random.integers(0, 5, len(CHAIN))
    bid = np.select([bad & (kind == 0), bad & (kind == 1), bad & (kind == 2)], [np.nan, 0.0, ask + 1], bid)
    ask = np.select([bad & (kind == 3), bad & (kind == 4)], [np.nan, 10 * ask], ask)
    interest = np.where(random.random(len(CHAIN)) < share, np.nan, CHAIN["open_interest"])
    return CHAIN.assign(bid=bid, ask=ask, open_interest=interest)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(STRUCTURES)),
    seed=st.integers(0, 10_000),
    share=st.floats(0, 1),
    noise=st.sampled_from([0.0, 0.02, 0.2, 1.0]),
)
def test_a_spoilt_chain_gives_a_sound_ticket_or_a_refusal(name: str, seed: int, share: float, noise: float) -> None:
    found = ticket_for(spoilt(seed, share, noise), structure_named(name), facts(p_up=0.6, realised_vol=0.2), LOOSE)

    if isinstance(found, Ticket):
        payoff = Payoff.of(found.legs, cost=found.limit.cost + found.commission_usd / SHARES)
        worst = min(payoff.at(Decimal(price)) for price in range(0, 400, 2)) * SHARES
        assert found.max_loss_usd is None or worst >= -found.max_loss_usd
        assert found.total_risk_usd <= found.budget_usd
        assert (
            found.limit.mid <= found.limit.worst
            if found.limit.side == "debit"
            else found.limit.mid >= found.limit.worst
        )
    else:
        assert found.reason
