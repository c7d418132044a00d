"""The live world: which provider delivers what, who stands in for whom, and that nobody does so silently.

```text
bars          Yahoo Finance
vol_indices   Cboe; Yahoo Finance for an index that Cboe does not deliver up to the last session
macro         public-domain providers, see PROVIDER_OF; FRED instead once its terms are accepted
sentiment     Finnhub with a key, ApeWisdom
earnings      Finnhub with a key
```

No key is needed: without one the tables concerned are not there, or lack the columns concerned.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from options_signals import sessions
from options_signals.errors import SignalError
from options_signals.snapshot import Origin
from options_signals.sources.apewisdom import ApeWisdomSource
from options_signals.sources.base import (
    BLS_KEY,
    FINNHUB_KEY,
    FRED_KEY,
    Fetched,
    MacroSource,
    SentimentSource,
    Sources,
    VolIndexSource,
)
from options_signals.sources.bls import BlsSource
from options_signals.sources.cboe import CboeSource
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey, Web
from options_signals.sources.nyfed import NewYorkFedSource
from options_signals.sources.treasury import TreasurySource
from options_signals.sources.yahoo import YahooSource
from options_signals.tables import MACRO, SENTIMENT, VOL_INDICES, Table, validate

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
        By name, those of `registry`. None is needed unless FRED is.
    cache_folder
        Where Yahoo's cookies are kept.
    fred_vintages
        None leaves FRED out. Else it delivers the macro series, with or without every revision: whoever says so has
        accepted its terms.
    yahoo
        Another one than that.
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
        second_vol_indices=prices,
        macro=_first_hand(web, cboe, known.get(BLS_KEY))
        if fred_vintages is None
        else FredSource(web, key=known[FRED_KEY], vintages=fred_vintages),
        sentiment=Together((finnhub, apewisdom) if finnhub else (apewisdom,)),
        earnings=finnhub,
    )


def _first_hand(web: Web, cboe: CboeSource, bls_key: ApiKey | None) -> MacroSource:
    sources: dict[str, MacroSource] = {
        "nyfed": NewYorkFedSource(web),
        "treasury": TreasurySource(web),
        "cboe": cboe,
        "bls": BlsSource(web, key=bls_key),
    }
    return Divided(PROVIDER_OF, sources)


@dataclass(frozen=True, slots=True)
class Divided:
    """Macro series, each from the one provider that publishes it; a provider that fails costs its series only."""

    provider_of: Mapping[str, str]
    providers: Mapping[str, MacroSource]

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro`. Raises what the first provider raised where none delivered."""
        known = [name for name in dict.fromkeys(series) if name in self.provider_of]
        failures = {name: "no provider carries it" for name in series if name not in self.provider_of}
        parts: list[Fetched] = []
        errors: list[Exception] = []
        shares = {one: [name for name in known if self.provider_of[name] == one] for one in self.providers}
        # Where nothing known is asked for, all of them say so, without asking anybody.
        for provider, names in ({one: names for one, names in shares.items() if names} or shares).items():
            try:
                parts.append(self.providers[provider].macro(names, first=first, last=last))
            except SignalError as error:
                failures |= dict.fromkeys(names, str(error))
                errors.append(error)
        if errors and not parts:
            raise errors[0]
        return _combined(MACRO, parts, failures | _failures(parts))


@dataclass(frozen=True, slots=True)
class FirstThenSecond:
    """Volatility indices from one provider, and from another those that the first does not deliver up to date.

    An index comes from one of the two as a whole, never half from each: they differ by hundredths of a point.
    """

    first: VolIndexSource
    second: VolIndexSource

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`; the origin says which indices the second provider delivered, and why all of them."""
        try:
            primary = self.first.vol_indices(indices, first=first, last=last)
        except SignalError as error:
            second = self.second.vol_indices(indices, first=first, last=last)
            return replace(second, origin=_without(second.origin, [error]))
        newest = sessions.between(first, last)[-1:]
        behind = [index for index in dict.fromkeys(indices) if not _reaches(primary, index, newest)]
        if not behind:
            return primary
        try:
            second = self.second.vol_indices(behind, first=first, last=last)
        except SignalError as error:
            missing = {index: f"{why}; {error}" for index, why in primary.failures.items()}
            return replace(primary, failures=missing)
        taken = [index for index in behind if _reaches(second, index, newest)]
        return _with_indices(primary, second, taken) if taken else primary


def _reaches(fetched: Fetched, index: str, newest: Sequence[dt.date]) -> bool:
    rows = fetched.frame[fetched.frame["index"] == index]
    return not rows.empty and rows["session"].max().date() in newest


def _with_indices(primary: Fetched, second: Fetched, taken: Sequence[str]) -> Fetched:
    """The primary's indices, but these from the second."""
    theirs = second.frame["index"].isin(taken)
    parts = (
        replace(primary, frame=primary.frame[~primary.frame["index"].isin(taken)]),
        replace(
            second,
            frame=second.frame[theirs],
            origin=_renamed(second.origin, f"{second.origin.source} for {', '.join(sorted(taken))}"),
        ),
    )
    failures = {index: why for index, why in _failures((primary, second)).items() if index not in taken}
    return _combined(VOL_INDICES, parts, failures)


@dataclass(frozen=True, slots=True)
class Together:
    """Sentiment of several providers, each with columns of its own, one row per ticker."""

    parts: Sequence[SentimentSource]

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `sentiment`; a provider that fails leaves its columns unknown, and the origin says why.

        Raises what the first provider raised where none delivered.
        """
        delivered: list[Fetched] = []
        errors: list[Exception] = []
        for part in self.parts:
            try:
                delivered.append(part.sentiment(tickers, first=first, last=last))
            except SignalError as error:
                errors.append(error)
        if not delivered:
            raise errors[0]
        captured_at = max(fetched.origin.captured_at for fetched in delivered)
        rows = pd.concat([fetched.frame.assign(captured_at=captured_at) for fetched in delivered])
        merged = replace(delivered[0], frame=rows.groupby(list(SENTIMENT.key), as_index=False).first())
        missing = set(tickers).difference(rows["ticker"])
        failures = {ticker: why for ticker, why in _failures(delivered).items() if ticker in missing}
        return replace(_combined(SENTIMENT, [merged], failures), origin=_without(_origin(delivered), errors))


def _combined(table: Table, parts: Sequence[Fetched], failures: Mapping[str, str]) -> Fetched:
    frame = validate(table, pd.concat([part.frame for part in parts], ignore_index=True))
    return Fetched(frame=frame, origin=_origin(parts), failures=failures)


def _origin(parts: Sequence[Fetched]) -> Origin:
    """Everybody who delivered, as of the last of them, under the terms of all."""
    origins = [part.origin for part in parts]
    return Origin(
        source="; ".join(dict.fromkeys(origin.source for origin in origins)),
        captured_at=max(origin.captured_at for origin in origins),
        rights=" ".join(dict.fromkeys(origin.rights for origin in origins)),
    )


def _without(origin: Origin, errors: Sequence[Exception]) -> Origin:
    """The origin, and who should have been part of it."""
    return _renamed(origin, " ".join([origin.source, *(f"({error})" for error in errors)]))


def _renamed(origin: Origin, source: str) -> Origin:
    return Origin(source=source, captured_at=origin.captured_at, rights=origin.rights)


def _failures(parts: Sequence[Fetched]) -> dict[str, str]:
    """What each of them says of a name, one after the other."""
    names = dict.fromkeys(name for part in parts for name in part.failures)
    return {name: "; ".join(part.failures[name] for part in parts if name in part.failures) for name in names}
