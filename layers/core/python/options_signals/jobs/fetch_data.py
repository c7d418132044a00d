"""Second step: ask the providers, judge what they delivered, commit an immutable snapshot of the session."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from options_signals import sessions, snapshot
from options_signals.errors import AlreadyStoredError, NoIndexError
from options_signals.features.catalog import MACRO_SERIES
from options_signals.features.inputs import WINDOW, index_of
from options_signals.jobs import documents
from options_signals.jobs.messages import Fetch, Plan, Run
from options_signals.jobs.quality import judge
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.snapshot import BundleRef, Manifest, Origin, TableRef, Verdict
from options_signals.sources.base import Fetched, Sources
from options_signals.tables import BARS, MACRO, VOL_INDICES, Table

MARKET_INDICES = ("VIX", "VIX3M")  # every ticker's term slope and volatility regime look at these
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
    gave_up
        Why the providers could not be reached at all, after the retries: every ticker is then refused.

    Raises
    ------
    Retryable
        Where a provider did not deliver at all. Nothing has been stored then.
    """
    assert plan.run is not None  # noqa: S101 - for the type checker: a plan that proceeds has a run
    run = plan.run
    if gave_up is None:
        delivery = _ask(sources, settings, run.session)
        verdicts = {ticker: _verdict(ticker, delivery, settings, run.session) for ticker in settings.tickers}
    else:
        delivery = None
        verdicts = {ticker: Verdict(status="refused", reasons=(gave_up,)) for ticker in settings.tickers}
    good = [ticker for ticker in settings.tickers if verdicts[ticker].status != "refused"]
    if not good and not plan.last_slot:
        reason = next(iter(verdicts.values())).reasons[0]
        return Fetch(committed=False, reason=f"no usable data yet, a later slot tries again: {reason}", run=run)
    manifest = Manifest(
        namespace=run.namespace,
        session=run.session,
        attempt=run.attempt,
        created_at=now,
        tables={} if delivery is None else _stored(store, run, delivery, good),
        verdicts=verdicts,
        models=tuple(documents.read(store, plan.models, BundleRef)) if plan.models else (),
        settings=settings.model_dump(mode="json"),
        config_id=settings.config_id,
        code_version=code_version,
        previous_session=sessions.shift(run.session, -1),
        previous=previous,
        absent=() if sources.macro is not None else ("macro",),
    )
    try:
        snapshot.commit(store, manifest)
    except AlreadyStoredError:  # an overlapping or repeated call of this attempt was first: its snapshot counts
        manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    return Fetch(
        committed=True,
        reason=f"{len(good)} of {len(settings.tickers)} tickers usable",
        run=run,
        revise=plan.revise,
        send=plan.send,
        chunks=_chunks(settings.tickers, settings.chunks),
    )


def indices_for(ticker: str, settings: Settings) -> tuple[str, ...]:
    """The volatility index of the ticker's own (or its allowed proxy); NoIndexError without either."""
    return (index_of(ticker, settings.allow_iv_proxy),)


def _ask(sources: Sources, settings: Settings, session: dt.date) -> _Delivery:
    first = sessions.shift(session, -(WINDOW + SPARE_SESSIONS))
    indices = {index for ticker in settings.tickers for index in _indices_or_none(ticker, settings)}
    return _Delivery(
        bars=sources.bars.bars(settings.tickers, first=first, last=session),
        vol_indices=sources.vol_indices.vol_indices(sorted(indices.union(MARKET_INDICES)), first=first, last=session),
        macro=None
        if sources.macro is None
        else sources.macro.macro(MACRO_SERIES, first=session - dt.timedelta(days=MACRO_DAYS), last=session),
    )


def _indices_or_none(ticker: str, settings: Settings) -> tuple[str, ...]:
    try:
        return indices_for(ticker, settings)
    except NoIndexError:
        return ()


def _verdict(ticker: str, delivery: _Delivery, settings: Settings, session: dt.date) -> Verdict:
    try:
        own = indices_for(ticker, settings)
    except NoIndexError as error:
        return Verdict(status="refused", reasons=(str(error),))
    indices = delivery.vol_indices.frame
    return judge(
        ticker,
        delivery.bars.frame[delivery.bars.frame["ticker"] == ticker],
        session=session,
        min_sessions=settings.quality.min_sessions,
        index_rows={index: indices[indices["index"] == index] for index in own},
        failure=delivery.bars.failures.get(ticker),
        provider=delivery.bars.origin.source,
    )


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
