import datetime as dt

import numpy as np
import pandas as pd
import pytest
from options_signals.chain.quotes import TRADABLE, Fault, clean, counted

from tests.chains import SESSION, changed, flat_chain

CALL = "XYZ221216C00100000"
MINUTES = dt.timedelta(minutes=15)


def fault_of(chain: pd.DataFrame, contract: str = CALL) -> str:
    cleaned = clean(chain, session=SESSION, max_age=MINUTES)
    return str(cleaned.set_index("contract").loc[contract, "fault"])


def test_a_good_quote_has_no_fault() -> None:
    assert fault_of(flat_chain()) == Fault.NONE


@pytest.mark.parametrize(
    ("bid", "ask", "fault"),
    [
        (2.20, 2.10, Fault.CROSSED),
        (0.00, 0.10, Fault.ZERO_BID),
        (np.nan, 2.10, Fault.NO_QUOTE),
        (2.10, np.nan, Fault.NO_QUOTE),
        (0.00, 0.00, Fault.NO_QUOTE),
        (0.02, 0.07, Fault.PENNY),
        (1.00, 2.00, Fault.WIDE),
        (1.20, 2.00, Fault.NONE),
    ],
)
def test_a_bad_quote_has_the_first_fault_that_applies(bid: float, ask: float, fault: Fault) -> None:
    assert fault_of(changed(flat_chain(), CALL, bid=bid, ask=ask)) == fault


def test_a_quote_older_than_the_rest_is_stale() -> None:
    chain = flat_chain()
    newest = chain["captured_at"].max()

    assert fault_of(changed(chain, CALL, captured_at=newest - MINUTES)) == Fault.NONE
    assert fault_of(changed(chain, CALL, captured_at=newest - dt.timedelta(minutes=16))) == Fault.STALE


def test_options_that_expire_that_day_are_out() -> None:
    chain = flat_chain()
    today = chain.assign(expiration=pd.Timestamp(SESSION))

    assert fault_of(today) == Fault.EXPIRING


def test_a_contract_adjusted_for_a_split_is_out() -> None:
    chain = flat_chain(underlying="XYZ1")

    assert fault_of(chain, "XYZ1221216C00100000") == Fault.ADJUSTED


def test_pennies_and_wide_quotes_may_be_traded_but_crossed_ones_may_not() -> None:
    assert {Fault.PENNY, Fault.WIDE} < set(TRADABLE)
    assert Fault.CROSSED not in TRADABLE


def test_every_row_is_kept_and_faults_are_counted() -> None:
    puts = ["XYZ221216P00099000", "XYZ221216P00098000"]
    chain = changed(changed(flat_chain(), CALL, bid=9.0), puts, bid=0.5, ask=1.5)
    cleaned = clean(chain, session=SESSION, max_age=MINUTES)
    counts = counted(cleaned)

    assert len(cleaned) == len(chain)
    assert (counts[Fault.CROSSED], counts[Fault.WIDE]) == (1, 2 + counted_wide())
    assert sum(counts.values()) == (cleaned["fault"] != "").sum()


def counted_wide() -> int:
    """Wide quotes of the untouched chain: far out of the money four cents are more than half of the price."""
    return counted(clean(flat_chain(), session=SESSION, max_age=MINUTES)).get(Fault.WIDE, 0)
