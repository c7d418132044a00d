"""From the words of a user to the sources they mean."""

import datetime as dt
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from options_signals.errors import InvalidValueError
from options_signals.sources.base import BLS_KEY, FINNHUB_KEY, FRED_KEY, Fetched, Sources
from options_signals.sources.files import FilesSource
from options_signals.sources.simulated import SEED, SimulatedSource

if TYPE_CHECKING:
    from options_signals.sources.yahoo import YahooSource

FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
SPECS = (
    "simulated, simulated:seed=7,edge=off, files:<folder>, files:<folder>,name=mine, yahoo, live, "
    "live:macro=fred,terms=accepted, python:<module>:<function>"
)
# The specifications of the live world -> whether FRED delivers its macro series, and if so with every revision.
LIVE = {
    "live": None,
    "live:macro=fred,terms=accepted": False,
    "live:macro=fred,terms=accepted,vintages=on": True,
}


def open_source(
    spec: str,
    *,
    clock: Callable[[], dt.datetime],
    cache_folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Sources:
    """The sources that a specification names.

    Parameters
    ----------
    spec
        `simulated`, perhaps with a seed and the planted edge on or off, as in `simulated:seed=7,edge=off`;
        `files:../shared/data`, a folder laid out as `sources.files` says, with `,name=mine` where rows are added to it
        and its sessions shall stay together; `yahoo`; `live`, which adds the
        providers of `sources.live` to it; or `python:vendor:sources`, a function of your own that takes the clock and
        answers `Sources`, as docs/examples/vendor.py does.
    clock
        Answers what time it is, with a zone; asked only by sources that fetch live data.
    cache_folder
        Where a provider may keep cookies; by default a folder for temporary files. It is made at the first question.

    Raises
    ------
    InvalidValueError
        For a specification nobody knows, and for FRED without its key.
    FolderError
        For a folder that cannot be read.
    """
    kind, _, rest = spec.partition(":")
    if kind == "simulated":
        return _simulated(spec, rest)
    if kind == "files" and rest:
        return _files(spec, rest)
    cache_folder = cache_folder or Path(tempfile.gettempdir()) / "options-signals"
    if spec == "yahoo":
        return _yahoo(clock, cache_folder)
    if spec in LIVE:
        return _live(LIVE[spec], clock, cache_folder, os.environ if environ is None else environ)
    if kind == "python":
        return _plugged_in(spec, rest, clock)
    raise _unknown(spec)


def _simulated(spec: str, rest: str) -> Sources:
    options = dict(part.partition("=")[::2] for part in rest.split(",")) if rest else {}
    seed, edge = options.pop("seed", str(SEED)), options.pop("edge", "on")
    if options or not seed.isdecimal() or edge not in {"on", "off"}:
        raise _unknown(spec)
    source = SimulatedSource(seed=int(seed), edge=edge == "on")
    return Sources(
        namespace=_simulated_namespace(int(seed), edge),
        world="simulated",
        bars=source,
        vol_indices=source,
        macro=source,
        chain=source,
    )


def _simulated_namespace(seed: int, edge: str) -> str:
    """Another market keeps its own signals: one digest per session and market."""
    return "simulated" if (seed, edge) == (SEED, "on") else f"simulated:{seed}-edge-{edge}"


def _files(spec: str, rest: str) -> Sources:
    """What is stored is kept under the user's name for the folder, or else under the digest of what is in it."""
    path, comma, name = rest.partition(",name=")
    if comma and not FOLDER_NAME.fullmatch(name):
        raise InvalidValueError(
            name="source", value=spec, allowed="a name of small letters, digits and -, such as files:<folder>,name=mine"
        )
    folder = Path(path)
    source = FilesSource(folder)
    return Sources(
        namespace=f"files:{name or source.digest}",
        world="market",
        bars=source,
        vol_indices=source,
        macro=source,
        earnings=source if (folder / "earnings").is_dir() else None,
    )


def _yahoo(clock: Callable[[], dt.datetime], cache_folder: Path) -> Sources:
    def opened() -> Sources:
        from options_signals.sources.yahoo import YahooSource  # noqa: PLC0415 - see _WhenAsked

        return _all_of(YahooSource(clock=clock, cache_folder=cache_folder))

    return _all_of(_WhenAsked(opened))


def _all_of(yahoo: "YahooSource | _WhenAsked") -> Sources:
    return Sources(
        namespace="live",
        world="market",
        bars=yahoo,
        vol_indices=yahoo,
        chain=yahoo,
        earnings=yahoo,
        dividends=yahoo,
    )


def _live(
    vintages: bool | None,
    clock: Callable[[], dt.datetime],
    cache_folder: Path,
    environ: Mapping[str, str],
) -> Sources:
    keys = {name: environ[name] for name in (FRED_KEY, FINNHUB_KEY, BLS_KEY) if environ.get(name)}
    if vintages is not None and FRED_KEY not in keys:
        raise InvalidValueError(
            name=FRED_KEY, value=None, allowed="FRED's API key", remedy="Set it, or take the source `live` as it is."
        )

    def opened() -> Sources:
        from options_signals.sources.http import Web  # noqa: PLC0415 - see _WhenAsked
        from options_signals.sources.live import open_live  # noqa: PLC0415

        return open_live(Web(clock=clock), keys=keys, cache_folder=cache_folder, fred_vintages=vintages)

    source = _WhenAsked(opened)
    return Sources(
        namespace="live",
        world="market",
        bars=source,
        vol_indices=source,
        second_bars=_SecondWhenAsked(source) if FINNHUB_KEY in keys else None,
        second_vol_indices=_SecondWhenAsked(source),
        macro=source,
        chain=source,
        sentiment=source,
        earnings=source,
        dividends=source,
    )


@dataclass(frozen=True)
class _WhenAsked:
    """Providers, imported at the first question: of the functions that know them, one asks and has their libraries."""

    opened: Callable[[], Sources]

    @cached_property
    def sources(self) -> Sources:
        return self.opened()

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.bars.bars(tickers, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.vol_indices.vol_indices(indices, first=first, last=last)

    # Only those that are there are offered, and so asked.
    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.macro.macro(series, first=first, last=last)  # type: ignore[union-attr]

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        return self.sources.chain.chain(underlyings, session=session)  # type: ignore[union-attr]

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.sentiment.sentiment(tickers, first=first, last=last)  # type: ignore[union-attr]

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.earnings.earnings(tickers, first=first, last=last)  # type: ignore[union-attr]

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.sources.dividends.dividends(tickers, first=first, last=last)  # type: ignore[union-attr]


def _plugged_in(spec: str, rest: str, clock: Callable[[], dt.datetime]) -> Sources:
    module, _, function = rest.partition(":")
    try:
        opened: Callable[..., Sources] = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidValueError(
            name="source",
            value=spec,
            allowed="python:<module>:<function>, the module on Python's path",
            remedy=f"Python says: {error}.",
        ) from error
    return opened(clock=clock)


@dataclass(frozen=True)
class _SecondWhenAsked:
    """The second provider among them."""

    first: _WhenAsked

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        second = self.first.sources.second_bars
        return second.bars(tickers, first=first, last=last)  # type: ignore[union-attr]  # only offered if there

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        second = self.first.sources.second_vol_indices
        return second.vol_indices(indices, first=first, last=last)  # type: ignore[union-attr]  # only offered if there


def _unknown(spec: str) -> InvalidValueError:
    remedy = "FRED's terms restrict storing its data and training models on it: see docs/data.md before you accept."
    return InvalidValueError(name="source", value=spec, allowed=SPECS, remedy=remedy if spec.startswith("live") else "")
