"""Several providers as one: who stands in for whom, by name, and that nobody does so silently."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from options_signals import sessions
from options_signals.errors import SignalError
from options_signals.snapshot import Origin
from options_signals.sources.base import EarningsSource, Fetched, MacroSource, SentimentSource, VolIndexSource
from options_signals.tables import EARNINGS, MACRO, SENTIMENT, VOL_INDICES, Table, validate


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
        newest = sessions.between(first, last)[-1:]
        return _of_two(
            VOL_INDICES,
            indices,
            lambda names: self.first.vol_indices(names, first=first, last=last),
            lambda names: self.second.vol_indices(names, first=first, last=last),
            delivers=lambda fetched, index: _reaches(fetched, index, newest),
        )


def _reaches(fetched: Fetched, index: str, newest: Sequence[dt.date]) -> bool:
    rows = fetched.frame[fetched.frame["index"] == index]
    return not rows.empty and rows["session"].max().date() in newest


@dataclass(frozen=True, slots=True)
class OnlyCarried:
    """Volatility indices of one provider that is asked for nothing it never carries, and says nothing of those."""

    carried: Collection[str]
    source: VolIndexSource

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`."""
        return self.source.vol_indices([index for index in indices if index in self.carried], first=first, last=last)


@dataclass(frozen=True, slots=True)
class EarningsOfTwo:
    """Announcements from one provider, and from another those of tickers of which the first tells nothing."""

    first: EarningsSource
    second: EarningsSource

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `earnings`; the origin says whose dates the second provider delivered, and why all of them."""
        return _of_two(
            EARNINGS,
            tickers,
            lambda names: self.first.earnings(names, first=first, last=last),
            lambda names: self.second.earnings(names, first=first, last=last),
            delivers=lambda fetched, ticker: ticker in set(fetched.frame["ticker"]),
        )


def _of_two(
    table: Table,
    names: Sequence[str],
    first: Callable[[Sequence[str]], Fetched],
    second: Callable[[Sequence[str]], Fetched],
    *,
    delivers: Callable[[Fetched, str], bool],
) -> Fetched:
    """What the first answers; of the names that it does not deliver, and of all where it fails, the second's answer."""
    try:
        primary = first(names)
    except SignalError as error:
        instead = second(names)
        return replace(instead, origin=_without(instead.origin, [error]))
    wanted = [name for name in dict.fromkeys(names) if not delivers(primary, name)]
    if not wanted:
        return primary
    try:
        other = second(wanted)
    except SignalError as error:
        return replace(primary, failures={name: f"{why}; {error}" for name, why in primary.failures.items()})
    taken = [name for name in wanted if delivers(other, name)]
    return _with_names(table, primary, other, taken) if taken else primary


def _with_names(table: Table, primary: Fetched, second: Fetched, taken: Sequence[str]) -> Fetched:
    """The primary's rows, but those of these names from the second."""
    name = table.key[0]
    theirs = second.frame[name].isin(taken)
    parts = (
        replace(primary, frame=primary.frame[~primary.frame[name].isin(taken)]),
        replace(
            second,
            frame=second.frame[theirs],
            origin=_renamed(second.origin, f"{second.origin.source} for {', '.join(sorted(taken))}"),
        ),
    )
    failures = {one: why for one, why in _failures((primary, second)).items() if one not in taken}
    return _combined(table, parts, failures)


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
