"""Decide a session again from its manifest alone, leaving nothing behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from options_signals import snapshot
from options_signals.digest import Texts, compose, mark_revised
from options_signals.jobs import documents
from options_signals.jobs.build_features import build_features
from options_signals.jobs.edition import taken_together
from options_signals.jobs.ledger import DigestRecord
from options_signals.jobs.messages import Chunk, Run
from options_signals.jobs.pictures import kept_pictures
from options_signals.jobs.portfolio import holdings_in
from options_signals.jobs.run_inference import run_inference
from options_signals.jobs.select_strategies import select_strategies
from options_signals.lake import ObjectStore, Overlay, canonical_json
from options_signals.signals import Decision, NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.portfolio import Holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the manifest gives today, and how that differs from what was stored."""

    manifest: Manifest
    decisions: tuple[Signal | NoTrade, ...]
    holdings: Holdings
    texts: Texts
    differences: tuple[str, ...]


def replay(digest: DigestRecord, *, store: ObjectStore, stored: Sequence[Signal | NoTrade]) -> Replay:
    """Decide again and compare, byte for byte of canonical JSON and of the texts.

    Parameters
    ----------
    digest
        As it was recorded; a revision is marked again as it was marked then.
    stored
        The decisions it lists.

    Raises
    ------
    CorruptError, ModelError
        Where the snapshot or a pinned model is not what it was.
    """
    run = Run(namespace=digest.namespace, session=digest.session, attempt=digest.attempt)
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    decisions = decide_all(run, manifest, store=Overlay(store))
    holdings = holdings_in(manifest, store)
    again = compose(manifest, decisions, holdings, unpictured=kept_pictures(manifest, decisions, store=store))
    again = mark_revised(again, digest.revises) if digest.revises else again
    return Replay(
        manifest=manifest,
        decisions=decisions,
        holdings=holdings,
        texts=again,
        differences=(*_changed_decisions(stored, decisions), *_changed_texts(digest.texts, again)),
    )


def decide_all(run: Run, manifest: Manifest, *, store: ObjectStore) -> tuple[Signal | NoTrade, ...]:
    """Run everything between snapshot and publication over the whole watchlist."""
    chunk = build_features(Chunk(run=run, tickers=tuple(manifest.verdicts)), store=store)
    done = select_strategies(run_inference(chunk, store=store), store=store)
    alone = () if done.decisions is None else documents.read(store, done.decisions, Decision)
    return taken_together(manifest, alone, store=store)


def _changed_decisions(stored: Sequence[Signal | NoTrade], again: Sequence[Signal | NoTrade]) -> list[str]:
    before, after = ({d.ticker: canonical_json(d.model_dump(mode="json")) for d in side} for side in (stored, again))
    return [
        f"the decision on {ticker} differs"
        for ticker in sorted(before.keys() | after.keys())
        if before.get(ticker) != after.get(ticker)
    ]


def _changed_texts(stored: Texts, again: Texts) -> list[str]:
    return [
        f"the digest's {name} differs"
        for name in ("subject", "email", "sms")
        if getattr(stored, name) != getattr(again, name)
    ]
