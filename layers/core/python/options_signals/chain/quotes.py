"""Which quotes of a chain can be believed. A fault is a value: every row keeps its own, and they are counted."""

import datetime as dt
from enum import StrEnum

import numpy as np
import pandas as pd

PENNY_USD = 0.05  # a mid below it: one tick more or less decides its volatility
OCC_TAIL = 15  # expiration, right and strike of an OCC symbol; a digit before them marks a contract changed by a split
WIDE_SHARE = 0.5  # spread over mid, above which a mid says little


class Fault(StrEnum):
    """What is wrong with a quote, in words that follow "n quotes:"; NONE where nothing is."""

    NONE = ""
    ADJUSTED = "adjusted contract, not on 100 shares"
    EXPIRING = "expired, or expires that day"
    STALE = "older than the rest of the chain"
    NO_QUOTE = "no quote"
    CROSSED = "bid above ask"
    ZERO_BID = "no bid"
    PENNY = "worth pennies"
    WIDE = "spread above half of the price"


TRADABLE = (Fault.NONE, Fault.PENNY, Fault.WIDE)
"""Two-sided quotes of this moment; whether they are liquid enough is another question."""


def clean(chain: pd.DataFrame, *, session: dt.date, max_age: dt.timedelta) -> pd.DataFrame:
    """The chain with two more columns: `mid` (USD per share) and `fault`, the first that applies.

    Parameters
    ----------
    chain
        Table `chain` of one underlying, at least one row.
    session
        The session it speaks of; an expiration up to that day leaves no time to value.
    max_age
        How much older than the newest quote of the chain a quote may be.

    Returns
    -------
    DataFrame
        The same rows. `mid` is NaN where there is no quote.
    """
    bid, ask = chain["bid"], chain["ask"]
    mid = (bid + ask) / 2
    root = chain["contract"].str[:-OCC_TAIL]
    faults = {
        Fault.ADJUSTED: root.str.contains(r"\d$"),
        Fault.EXPIRING: chain["expiration"] <= pd.Timestamp(session),
        Fault.STALE: chain["captured_at"] < chain["captured_at"].max() - max_age,
        Fault.NO_QUOTE: bid.isna() | ask.isna() | (ask <= 0),
        Fault.CROSSED: ask < bid,
        Fault.ZERO_BID: bid <= 0,
        Fault.PENNY: mid < PENNY_USD,
        Fault.WIDE: ask - bid > WIDE_SHARE * mid,
    }
    fault = np.select([broken.to_numpy() for broken in faults.values()], [str(name) for name in faults], default="")
    return chain.assign(mid=mid, fault=fault)


def counted(cleaned: pd.DataFrame) -> dict[str, int]:
    """How many rows each fault took out, faults that occur only, in the order of `Fault`."""
    counts = cleaned["fault"].value_counts()
    return {fault: int(counts[fault]) for fault in Fault if fault and fault in counts}
