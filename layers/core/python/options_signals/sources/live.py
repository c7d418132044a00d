"""The live world: which provider delivers what, who stands in for whom, and that nobody does so silently.

```text
bars          Yahoo Finance; the session's closes compared with Finnhub's, with a key
vol_indices   Cboe; Yahoo Finance for an index that Cboe does not deliver up to the last session
macro         public-domain providers, see PROVIDER_OF; FRED instead once its terms are accepted
chain         Yahoo Finance
sentiment     Finnhub with a key, ApeWisdom
earnings      Finnhub with a key; Yahoo Finance without one, and for a ticker of which Finnhub tells nothing
dividends     Yahoo Finance
```

No key is needed: without one the columns concerned are unknown, and one provider's closes stand alone.
"""

from collections.abc import Mapping
from pathlib import Path

from options_signals.sources.apewisdom import ApeWisdomSource
from options_signals.sources.base import (
    BLS_KEY,
    FINNHUB_KEY,
    FRED_KEY,
    MacroSource,
    Sources,
)
from options_signals.sources.bls import BlsSource
from options_signals.sources.cboe import CboeSource
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey, Web
from options_signals.sources.nyfed import NewYorkFedSource
from options_signals.sources.several import Divided, EarningsOfTwo, FirstThenSecond, OnlyCarried, Together
from options_signals.sources.treasury import TreasurySource
from options_signals.sources.yahoo import INDICES, YahooSource

# FRED's name of each series -> who publishes it first hand.
PROVIDER_OF = {
    "DFF": "nyfed",  # EFFR
    "DGS3MO": "treasury",  # par yield, 3 months
    "DGS2": "treasury",  # par yield, 2 years
    "DGS10": "treasury",  # par yield, 10 years
    "DFII10": "treasury",  # real par yield, 10 years
    "T10Y2Y": "treasury",  # DGS10 - DGS2
    "T10YIE": "treasury",  # DGS10 - DFII10
    "VIXCLS": "cboe",  # close of VIX
    "UNRATE": "bls",  # LNS14000000
    "CPIAUCSL": "bls",  # CUSR0000SA0
}


def open_live(
    web: Web,
    *,
    keys: Mapping[str, str],
    cache_folder: Path,
    fred_vintages: bool | None = None,
    yahoo: YahooSource | None = None,
) -> Sources:
    """The sources of the live world.

    Parameters
    ----------
    keys
        By name, of `BLS_KEY`, `FINNHUB_KEY` and `FRED_KEY`. None is needed unless FRED is.
    cache_folder
        Where Yahoo's cookies are kept.
    fred_vintages
        None leaves FRED out. Else it delivers the macro series, with or without every revision: whoever says so has
        accepted its terms.
    yahoo
        Asked in the place of the one that would be made here.
    """
    known = {name: ApiKey(name=name, value=value) for name, value in keys.items()}
    prices = yahoo or YahooSource(clock=web.clock, cache_folder=cache_folder)
    cboe = CboeSource(web)
    finnhub = FinnhubSource(web, key=known[FINNHUB_KEY]) if FINNHUB_KEY in known else None
    apewisdom = ApeWisdomSource(web)
    return Sources(
        namespace="live",
        world="market",
        bars=prices,
        vol_indices=FirstThenSecond(cboe, prices),
        second_bars=finnhub,
        second_vol_indices=OnlyCarried(INDICES, prices),
        macro=_first_hand(web, cboe, known.get(BLS_KEY))
        if fred_vintages is None
        else FredSource(web, key=known[FRED_KEY], vintages=fred_vintages),
        sentiment=Together((finnhub, apewisdom) if finnhub else (apewisdom,)),
        chain=prices,
        earnings=EarningsOfTwo(finnhub, prices) if finnhub else prices,
        dividends=prices,
    )


def _first_hand(web: Web, cboe: CboeSource, bls_key: ApiKey | None) -> MacroSource:
    sources: dict[str, MacroSource] = {
        "nyfed": NewYorkFedSource(web),
        "treasury": TreasurySource(web),
        "cboe": cboe,
        "bls": BlsSource(web, key=bls_key),
    }
    return Divided(PROVIDER_OF, sources)
