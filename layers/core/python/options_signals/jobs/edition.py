"""From the Map's results to one edition of the session: every ticker decided or refused, and the texts."""

from collections.abc import Sequence

from options_signals import snapshot
from options_signals.digest import compose
from options_signals.jobs import documents
from options_signals.jobs.messages import Chunk, Run
from options_signals.jobs.pictures import keep_pictures
from options_signals.jobs.portfolio import holdings_in, with_portfolio
from options_signals.jobs.publish_signals import Edition
from options_signals.jobs.tickets import with_tickets
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.signals import Decision, NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.decide import refuse


def edition_of(run: Run, chunks: Sequence[Chunk], *, store: ObjectStore) -> Edition:
    """Gather the decisions of all chunks; the tickers of a failed chunk are refused with its error.

    The pictures of the tickets are in the lake before the texts that link them are anywhere.
    """
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    decided = {decision.ticker: decision for chunk in chunks for decision in _decisions(chunk, store)}
    alone = tuple(decided[ticker] for ticker in manifest.verdicts if ticker in decided)
    decisions = taken_together(manifest, alone, store=store)
    return Edition(
        namespace=run.namespace,
        session=run.session,
        attempt=run.attempt,
        config_id=manifest.config_id,
        decisions=decisions,
        texts=compose(
            manifest,
            decisions,
            holdings_in(manifest, store),
            unpictured=keep_pictures(manifest, decisions, store=store),
        ),
    )


def taken_together(
    manifest: Manifest, alone: Sequence[Signal | NoTrade], *, store: ObjectStore
) -> tuple[Signal | NoTrade, ...]:
    """All decisions of the session after the portfolio's last word, each signal with the ticket of its final size.

    Where the portfolio limits Greeks it is shown the ticket of each signal's own size first.
    """
    limited = Settings.model_validate(manifest.settings).portfolio.limits_greeks
    shown = with_tickets(manifest, alone, store=store) if limited else alone
    return with_tickets(manifest, with_portfolio(manifest, shown, store=store), store=store)


def left_unsaid(edition: Edition, *, last_slot: bool, revise: bool) -> str | None:
    """Why nothing is said for now, where no ticker's data allowed a decision; None where there is something to say.

    A later slot may find the data healed. And a revision for want of data would only take back what was told.
    """
    if not all(isinstance(one, NoTrade) and one.cause == "data" for one in edition.decisions):
        return None
    if revise:
        return "no ticker's data allows a decision now; what was told stands"
    return None if last_slot else "no ticker's data allowed a decision yet; a later slot tries again"


def _decisions(chunk: Chunk, store: ObjectStore) -> Sequence[Signal | NoTrade]:
    if chunk.decisions is not None:
        return documents.read(store, chunk.decisions, Decision)
    reason = f"a step failed for its part of the watchlist: {chunk.error or 'no decision came back'}"
    return [refuse(ticker=ticker, session=chunk.run.session, reasons=(reason,)) for ticker in chunk.tickers]
