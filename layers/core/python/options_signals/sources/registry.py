"""From the words of a user to the sources they mean."""

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from options_signals.errors import InvalidValueError
from options_signals.sources.base import Fetched, Sources
from options_signals.sources.files import FilesSource
from options_signals.sources.simulated import SEED, SimulatedSource

if TYPE_CHECKING:
    from options_signals.sources.yahoo import YahooSource

SPECS = "simulated, simulated:seed=7,edge=off, files:<folder>, yahoo"


def open_source(spec: str, *, clock: Callable[[], dt.datetime], cache_folder: Path | None = None) -> Sources:
    """The sources that a specification names.

    Parameters
    ----------
    spec
        `simulated`, perhaps with a seed and the planted edge on or off, as in `simulated:seed=7,edge=off`;
        `files:../shared/data`, a folder laid out as `sources.files` says; or `yahoo`.
    clock
        Answers what time it is, with a zone; asked only by sources that fetch live data.
    cache_folder
        Where a provider may keep cookies; by default a folder for temporary files. It is made at the first question.

    Raises
    ------
    InvalidValueError
        For a specification nobody knows.
    FolderError
        For a folder that cannot be read.
    """
    kind, _, rest = spec.partition(":")
    if kind == "simulated":
        return _simulated(spec, rest)
    if kind == "files" and rest:
        return _files(Path(rest))
    if spec == "yahoo":
        return _yahoo(clock, cache_folder or Path(tempfile.gettempdir()) / "options-signals")
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


def _files(folder: Path) -> Sources:
    source = FilesSource(folder)
    return Sources(namespace=f"files:{source.digest}", world="market", bars=source, vol_indices=source, macro=source)


def _yahoo(clock: Callable[[], dt.datetime], cache_folder: Path) -> Sources:
    source = _YahooWhenAsked(clock, cache_folder)
    return Sources(namespace="live", world="market", bars=source, vol_indices=source)


@dataclass(frozen=True)
class _YahooWhenAsked:
    """Yahoo, imported at the first question: of the functions that know the source, one asks it and has yfinance."""

    clock: Callable[[], dt.datetime]
    cache_folder: Path

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self._source.bars(tickers, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self._source.vol_indices(indices, first=first, last=last)

    @cached_property
    def _source(self) -> "YahooSource":
        from options_signals.sources.yahoo import YahooSource  # noqa: PLC0415 - a second of imports, see above

        return YahooSource(clock=self.clock, cache_folder=self.cache_folder)


def _unknown(spec: str) -> InvalidValueError:
    return InvalidValueError(name="source", value=spec, allowed=SPECS)
