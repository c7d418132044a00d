"""Second step: ask the providers, judge what they delivered, commit an immutable snapshot of the session."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import pandas as pd

from options_signals import sessions, snapshot
from options_signals.errors import AlreadyStoredError, CorruptError, InvalidValueError, NoIndexError, NotFoundError
from options_signals.features.inputs import MARKET_INDICES, index_of
from options_signals.jobs import documents
from options_signals.jobs.delivery import Delivery, ask, tickers_of, with_chains
from options_signals.jobs.messages import Fetch, Plan, Run
from options_signals.jobs.moved_earnings import moved_earnings
from options_signals.jobs.own_iv import own_iv
from options_signals.jobs.quality import judge, refused_for, with_index
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.snapshot import BundleRef, DocumentRef, Manifest, OwnIv, TableRef, Verdict
from options_signals.sources.base import Sources
from options_signals.strategy.portfolio import Holdings
from options_signals.tables import BARS, EARNINGS, Table

TICKERS_PER_CHUNK = 25  # below that the fixed cost of a step outweighs its work


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
    run, session = plan.run, plan.run.session
    delivery = ask(sources, settings, session) if gave_up is None else Delivery(tables={})
    earlier, unread = _stored_before(store, plan.earlier, set(tickers_of(settings)))
    on_bars = _on_bars(delivery, settings, session, earlier) if gave_up is None else _all_refused(settings, gave_up)
    missing = _missing_for_all(delivery, session) if gave_up is None else ()
    if too_early := _too_early(plan, settings, on_bars, missing):
        return Fetch(committed=False, reason=too_early, run=run)
    delivery, unquoted = _quoted(delivery, sources, settings, session, on_bars)
    own = own_iv(store, run, plan, delivery, settings)
    verdicts = _on_indices(on_bars, delivery, settings, session, own.years) if gave_up is None else on_bars
    if too_early := _too_early(plan, settings, verdicts, missing):
        return Fetch(committed=False, reason=too_early, run=run)
    good = [ticker for ticker, verdict in verdicts.items() if verdict.status != "refused"]
    doubts = (*missing, *unread, *delivery.doubts)
    undated = delivery.undated if settings.decision.earnings != "hold" else {}
    manifest = Manifest(
        **run.model_dump(),
        created_at=now,
        tables=_stored(store, run, delivery, good) | own.stored(store, run, now=now),
        verdicts={
            ticker: _degraded(verdicts[ticker], (*doubts, *_unseen_earnings(undated.get(ticker))))
            for ticker in settings.tickers
        },
        models=tuple(documents.read(store, plan.models, BundleRef)) if plan.models else (),
        settings=settings.model_dump(mode="json"),
        config_id=settings.config_id,
        code_version=code_version,
        previous_session=sessions.shift(session, -1),
        previous=previous,
        holdings=_pinned(store, run, holdings),
        absent=(*delivery.absent, *own.absent),
        unquoted=unquoted,
        pictures=None if unquoted is None else store.link(snapshot.pictures_of(**run.model_dump())),
        moved=_moved(store, run, plan.earlier, delivery, settings),
        newest=delivery.newest,
        own_iv=own.years,
    )
    return _answer(plan, run, _committed(store, manifest))


def _moved(
    store: ObjectStore, run: Run, earlier: Sequence[Run], delivery: Delivery, settings: Settings
) -> Mapping[str, str]:
    if EARNINGS not in delivery.tables:
        return {}
    told = delivery.tables[EARNINGS].frame
    return moved_earnings(told, settings.tickers, run.session, earlier=earlier, store=store)


def _too_early(plan: Plan, settings: Settings, verdicts: Mapping[str, Verdict], missing: tuple[str, ...]) -> str | None:
    """Why the work is left to a later slot; None where there is none, or where there is something to go on with."""
    watched = [verdicts[ticker] for ticker in settings.tickers]
    if plan.last_slot or not (missing or all(verdict.status == "refused" for verdict in watched)):
        return None
    reason = (*missing, *watched[0].reasons)[0]
    return f"not usable yet, a later slot tries again: {reason}"


def _quoted(
    delivery: Delivery, sources: Sources, settings: Settings, session: dt.date, verdicts: Mapping[str, Verdict]
) -> tuple[Delivery, Mapping[str, str] | None]:
    """The delivery with the chains of the tickers whose bars are good; see `with_chains`."""
    good = [ticker for ticker in settings.tickers if verdicts[ticker].status != "refused"]
    if not (sources.chain and good and settings.tickets.enabled):
        return delivery, None
    return with_chains(delivery, sources.chain, settings.tickets, session, good)


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
        last_slot=plan.last_slot,
        revise=plan.revise,
        send=plan.send,
        chunks=_chunks(tickers, Settings.model_validate(manifest.settings).chunks),
    )


def _all_refused(settings: Settings, reason: str | None) -> dict[str, Verdict]:
    return {ticker: Verdict(status="refused", reasons=(reason or "",)) for ticker in tickers_of(settings)}


def _stored_before(store: ObjectStore, runs: Sequence[Run], missing: set[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Of each ticker the bars of the newest earlier snapshot that has it, and which snapshot could not be read."""
    parts, unread = [BARS.empty()], []
    for run in runs:
        try:
            bars = _bars_of(store, run) if missing else BARS.empty()
        except (CorruptError, NotFoundError) as error:
            unread.append(f"prices were not compared with those stored for {run.session}: {error}")
            continue
        parts.append(bars[bars["ticker"].isin(missing)])
        missing = missing.difference(bars["ticker"])
    return pd.concat(parts, ignore_index=True), tuple(unread)


def _bars_of(store: ObjectStore, run: Run) -> pd.DataFrame:
    """No rows where the providers could not be reached that day."""
    return snapshot.table_of(store, snapshot.read_manifest(store, run.namespace, run.session, run.attempt), BARS)


def _on_bars(delivery: Delivery, settings: Settings, session: dt.date, earlier: pd.DataFrame) -> dict[str, Verdict]:
    """The verdict on each ticker's bars; what its volatility index adds comes once the chains are there."""
    bars, before = _by_name(delivery.bars.frame), _by_name(earlier)
    return {
        ticker: judge(
            ticker,
            bars[ticker],
            session=session,
            min_sessions=settings.quality.min_sessions,
            earlier=before[ticker],
            failure=delivery.bars.failures.get(ticker),
            provider=delivery.bars.origin.source,
        )
        for ticker in tickers_of(settings)
    }


def _on_indices(
    verdicts: Mapping[str, Verdict],
    delivery: Delivery,
    settings: Settings,
    session: dt.date,
    years: Mapping[str, OwnIv],
) -> dict[str, Verdict]:
    """The verdicts with what each ticker's volatility index adds, where its own options do not stand for one."""
    indices, failures = _by_name(delivery.vol_indices.frame), delivery.vol_indices.failures

    def judged(ticker: str, verdict: Verdict) -> Verdict:
        if ticker in years and years[ticker].served:
            return verdict
        try:
            index = index_of(ticker, settings.allow_iv_proxy)
        except NoIndexError as error:
            return refused_for(verdict, str(error))
        return with_index(verdict, index, indices[index], session=session, failure=failures.get(index))

    return {ticker: judged(ticker, verdict) for ticker, verdict in verdicts.items()}


def _by_name(frame: pd.DataFrame) -> defaultdict[str, pd.DataFrame]:
    """The rows of each ticker or index; no rows for one that was not delivered."""
    groups = {str(name): rows for name, rows in frame.groupby(frame.columns[0], sort=False)}
    return defaultdict(lambda: frame.iloc[:0], groups)


def _missing_for_all(delivery: Delivery, session: dt.date) -> tuple[str, ...]:
    """Reasons why every ticker would go without something: VIX and VIX3M are inputs of all."""
    indices = _by_name(delivery.vol_indices.frame)
    today = pd.Timestamp(session)
    absent = [index for index in MARKET_INDICES if not (indices[index]["session"] == today).any()]
    return tuple(f"{index} has no value for {session}; features that need it are unknown" for index in absent)


def _unseen_earnings(why: str | None) -> tuple[str, ...]:
    if why is None:
        return ()
    return (f"nobody told when it reports earnings ({why}): a trade may be held over them",)


def _degraded(verdict: Verdict, reasons: tuple[str, ...]) -> Verdict:
    if not reasons or verdict.status == "refused":
        return verdict
    return Verdict(status="degraded", reasons=(*verdict.reasons, *reasons))


def _stored(store: ObjectStore, run: Run, delivery: Delivery, good: Sequence[str]) -> dict[str, TableRef]:
    prefix = snapshot.prefix_of(run.namespace, run.session, run.attempt)
    return {
        table.name: snapshot.write_table(store, prefix, table, _of(good, table, fetched.frame), fetched.origin)
        for table, fetched in delivery.tables.items()
    }


def _of(good: Sequence[str], table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Bars of these tickers alone; other tables whole."""
    return frame[frame["ticker"].isin(good)] if table is BARS else frame


def _chunks(tickers: Sequence[str], most: int) -> tuple[tuple[str, ...], ...]:
    count = min(most, -(-len(tickers) // TICKERS_PER_CHUNK))
    size = -(-len(tickers) // count)
    return tuple(tuple(tickers[at : at + size]) for at in range(0, len(tickers), size))
