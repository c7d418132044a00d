"""Second step: ask the providers, judge what they delivered, commit an immutable snapshot of the session."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from options_signals import sessions, snapshot
from options_signals.errors import AlreadyStoredError, InvalidValueError, NoIndexError
from options_signals.features.inputs import DAILY_SERIES, UNDERLYING, WINDOW, index_of
from options_signals.jobs import documents
from options_signals.jobs.messages import Fetch, Plan, Run
from options_signals.jobs.quality import judge
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.snapshot import BundleRef, DocumentRef, Manifest, Origin, TableRef, Verdict
from options_signals.sources.base import Fetched, Sources
from options_signals.strategy.portfolio import Holdings
from options_signals.tables import BARS, MACRO, VOL_INDICES, Table

MARKET_INDICES = ("VIX", "VIX3M")  # every ticker's term slope and volatility regime look at these
MACRO_SERIES = (*DAILY_SERIES, "UNRATE", "CPIAUCSL")
SPARE_SESSIONS = 10
MACRO_DAYS = 3 * 366  # a year-over-year value, its change over 3 months, and the window before it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    bars: Fetched
    vol_indices: Fetched
    macro: Fetched | None


def fetch_data(
    plan: Plan,
    *,
    sources: Sources,
    store: ObjectStore,
    settings: Settings,
    previous: Mapping[str, str],
    holdings: Holdings,
    now: dt.datetime,
    code_version: str,
    gave_up: str | None = None,
) -> Fetch:
    """Fetch and commit the snapshot, or commit nothing and leave the work to a later slot.

    Parameters
    ----------
    plan
        An answer of plan_session that says proceed.
    previous
        What was said of each ticker the session before; pinned in the manifest, so that a replay says the same.
    holdings
        What is open, and how the account fared; stored beside the tables and pinned.
    gave_up
        Why the providers could not be reached at all, after the retries: every ticker is then refused.

    Raises
    ------
    Retryable
        Where a provider did not deliver at all. Nothing has been stored then.
    InvalidValueError
        For a plan without work.
    """
    if plan.run is None:
        raise InvalidValueError(name="plan", value=plan.reason, allowed="a plan that says proceed")
    delivery = _ask(sources, settings, plan.run.session) if gave_up is None else None
    verdicts = _verdicts(delivery, settings, plan.run.session) if delivery else _all_refused(settings, gave_up)
    good = [ticker for ticker, verdict in verdicts.items() if verdict.status != "refused"]
    missing = _missing_for_all(delivery, plan.run.session) if delivery else ()
    if not plan.last_slot and (missing or not set(good).intersection(settings.tickers)):
        reason = (*missing, *next(iter(verdicts.values())).reasons)[0]
        return Fetch(committed=False, reason=f"not usable yet, a later slot tries again: {reason}", run=plan.run)
    manifest = Manifest(
        **plan.run.model_dump(),
        created_at=now,
        tables={} if delivery is None else _stored(store, plan.run, delivery, good),
        verdicts={ticker: _degraded(verdicts[ticker], missing) for ticker in settings.tickers},
        models=tuple(documents.read(store, plan.models, BundleRef)) if plan.models else (),
        settings=settings.model_dump(mode="json"),
        config_id=settings.config_id,
        code_version=code_version,
        previous_session=sessions.shift(plan.run.session, -1),
        previous=previous,
        holdings=_pinned(store, plan.run, holdings),
        absent=() if sources.macro is not None else ("macro",),
    )
    return _answer(plan, plan.run, _committed(store, manifest))


def _pinned(store: ObjectStore, run: Run, holdings: Holdings) -> DocumentRef:
    folder = snapshot.prefix_of(run.namespace, run.session, run.attempt)
    return documents.write_below(store, folder, "holdings", [holdings])


def _committed(store: ObjectStore, manifest: Manifest) -> Manifest:
    """The manifest that counts: an overlapping or repeated call of this attempt may have been first."""
    try:
        snapshot.commit(store, manifest)
    except AlreadyStoredError:
        return snapshot.read_manifest(store, manifest.namespace, manifest.session, manifest.attempt)
    return manifest


def _answer(plan: Plan, run: Run, manifest: Manifest) -> Fetch:
    tickers = tuple(manifest.verdicts)
    refused = sum(verdict.status == "refused" for verdict in manifest.verdicts.values())
    return Fetch(
        committed=True,
        reason=f"{len(tickers) - refused} of {len(tickers)} tickers usable",
        run=run,
        revise=plan.revise,
        send=plan.send,
        chunks=_chunks(tickers, Settings.model_validate(manifest.settings).chunks),
    )


def _ask(sources: Sources, settings: Settings, session: dt.date) -> _Delivery:
    first = sessions.shift(session, -(WINDOW + SPARE_SESSIONS))
    indices = {index for ticker in settings.tickers if (index := _index_or_none(ticker, settings))}
    return _Delivery(
        bars=sources.bars.bars(_tickers(settings), first=first, last=session),
        vol_indices=sources.vol_indices.vol_indices(sorted(indices.union(MARKET_INDICES)), first=first, last=session),
        macro=None
        if sources.macro is None
        else sources.macro.macro(MACRO_SERIES, first=session - dt.timedelta(days=MACRO_DAYS), last=session),
    )


def _tickers(settings: Settings) -> list[str]:
    """The watchlist, and the underlyings of its proxy indices: those indices are compared with their own."""
    proxies = {settings.allow_iv_proxy[ticker] for ticker in settings.tickers if ticker in settings.allow_iv_proxy}
    return sorted({*settings.tickers, *(UNDERLYING[index] for index in proxies)})


def _index_or_none(ticker: str, settings: Settings) -> str | None:
    try:
        return index_of(ticker, settings.allow_iv_proxy)
    except NoIndexError:
        return None


def _all_refused(settings: Settings, reason: str | None) -> dict[str, Verdict]:
    return {ticker: Verdict(status="refused", reasons=(reason or "",)) for ticker in _tickers(settings)}


def _verdicts(delivery: _Delivery, settings: Settings, session: dt.date) -> dict[str, Verdict]:
    bars, indices = _by_name(delivery.bars.frame), _by_name(delivery.vol_indices.frame)
    return {
        ticker: _verdict(ticker, delivery, settings, session, bars=bars[ticker], indices=indices)
        for ticker in _tickers(settings)
    }


def _by_name(frame: pd.DataFrame) -> defaultdict[str, pd.DataFrame]:
    """The rows of each ticker or index; no rows for one that was not delivered."""
    groups = {str(name): rows for name, rows in frame.groupby(frame.columns[0], sort=False)}
    return defaultdict(lambda: frame.iloc[:0], groups)


def _verdict(
    ticker: str,
    delivery: _Delivery,
    settings: Settings,
    session: dt.date,
    *,
    bars: pd.DataFrame,
    indices: Mapping[str, pd.DataFrame],
) -> Verdict:
    try:
        own = index_of(ticker, settings.allow_iv_proxy)
    except NoIndexError as error:
        return Verdict(status="refused", reasons=(str(error),))
    return judge(
        ticker,
        bars,
        session=session,
        min_sessions=settings.quality.min_sessions,
        index_rows={own: indices[own]},
        failure=delivery.bars.failures.get(ticker),
        provider=delivery.bars.origin.source,
    )


def _missing_for_all(delivery: _Delivery, session: dt.date) -> tuple[str, ...]:
    """Reasons why every ticker would go without something: VIX and VIX3M are inputs of all."""
    indices = _by_name(delivery.vol_indices.frame)
    today = pd.Timestamp(session)
    absent = [index for index in MARKET_INDICES if not (indices[index]["session"] == today).any()]
    return tuple(f"{index} has no value for {session}; features that need it are unknown" for index in absent)


def _degraded(verdict: Verdict, reasons: tuple[str, ...]) -> Verdict:
    if not reasons or verdict.status == "refused":
        return verdict
    return Verdict(status="degraded", reasons=(*verdict.reasons, *reasons))


def _stored(store: ObjectStore, run: Run, delivery: _Delivery, good: Sequence[str]) -> dict[str, TableRef]:
    prefix = snapshot.prefix_of(run.namespace, run.session, run.attempt)
    bars = delivery.bars.frame

    def put(table: Table, frame: pd.DataFrame, origin: Origin) -> TableRef:
        return snapshot.write_table(store, prefix, table, frame, origin)

    refs = {
        "bars": put(BARS, bars[bars["ticker"].isin(good)], delivery.bars.origin),
        "vol_indices": put(VOL_INDICES, delivery.vol_indices.frame, delivery.vol_indices.origin),
    }
    if delivery.macro is not None:
        refs["macro"] = put(MACRO, delivery.macro.frame, delivery.macro.origin)
    return refs


def _chunks(tickers: Sequence[str], most: int) -> tuple[tuple[str, ...], ...]:
    count = min(most, -(-len(tickers) // TICKERS_PER_CHUNK))
    size = -(-len(tickers) // count)
    return tuple(tuple(tickers[at : at + size]) for at in range(0, len(tickers), size))


TICKERS_PER_CHUNK = 25  # below that the fixed cost of a step outweighs its work
