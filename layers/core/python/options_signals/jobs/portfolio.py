"""What is open, gathered and pinned before the decisions; and the portfolio's rules, applied to all of them."""

import datetime as dt
from collections.abc import Sequence

from options_signals import sessions, snapshot
from options_signals.jobs import documents, ledger
from options_signals.jobs.messages import Run
from options_signals.jobs.ports import SignalTable
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.sources.account import Account, parse_account
from options_signals.strategy.conditioner import condition
from options_signals.strategy.correlation import Clusters, clusters, correlations
from options_signals.strategy.overlay import overlay
from options_signals.strategy.portfolio import Greeks, Holdings, Position
from options_signals.tickets import Ticket


def account_key(namespace: str) -> str:
    """Where the lake keeps the account file of a namespace: `account/live.yaml`."""
    return f"account/{namespace.replace(':', '-')}.yaml"


def holdings_of(run: Run, *, store: ObjectStore, table: SignalTable, settings: Settings) -> Holdings:
    """What is known to be open on the evening of the session, and what has to be assumed.

    A signal counts as traded at the next session, with its whole risk and the Greeks its ticket had on its evening, and
    as left `tickets.exit_sessions` after that, or when its plan says. With an account file only signals that would have
    been entered after its date are assumed; a file of a later date says nothing about this session's positions, and
    nothing of its later equity is used.

    Raises
    ------
    InvalidValueError
        For an account file that is not in form.
    """
    account = _account(store, run.namespace)
    equity = tuple(point for point in account.equity if point.session <= run.session) if account else ()
    size_usd = equity[-1].equity_usd if equity else settings.risk.account_usd
    assumed = _assumed(run, table, settings, account=account, size_usd=size_usd)
    if account is None or account.as_of > run.session:
        return Holdings(positions=assumed, equity=equity, events=account.events if account else ())
    return Holdings(
        positions=(*(position.of_account(size_usd) for position in account.positions), *assumed),
        account_of=account.as_of,
        equity=equity,
        events=account.events,
    )


def _account(store: ObjectStore, namespace: str) -> Account | None:
    key = account_key(namespace)
    if key not in store.keys(key):
        return None
    return parse_account(store.get(key).decode("utf-8", errors="replace"), name=store.where(key))


def _assumed(
    run: Run, table: SignalTable, settings: Settings, *, account: Account | None, size_usd: float
) -> tuple[Position, ...]:
    first = sessions.shift(run.session, -settings.tickets.exit_sessions)
    days = sessions.between(first, sessions.shift(run.session, -1))
    told_by = account.as_of if account and account.as_of <= run.session else dt.date.min
    unknown = [day for day in days if sessions.shift(day, 1) > told_by]
    published = [one for day in unknown for one in ledger.told_decisions(table, run.namespace, day)]
    return tuple(
        Position(ticker=one.ticker, risk_share=one.risk_share, assumed=True, greeks=_greeks_then(one, size_usd))
        for one in published
        if isinstance(one, Signal) and (one.plan.exit_on is None or one.plan.exit_on > run.session)
    )


def _greeks_then(signal: Signal, account_usd: float) -> Greeks | None:
    """Those of the order that was published; None where the signal came without one."""
    if not isinstance(signal.ticket, Ticket):
        return None
    return Greeks.of(signal.ticket, contracts=signal.ticket.contracts, account_usd=account_usd)


def holdings_in(manifest: Manifest, store: ObjectStore) -> Holdings:
    """What the manifest pins; nothing open where it is of a time before positions were kept."""
    if manifest.holdings is None:
        return Holdings()
    (holdings,) = documents.read(store, manifest.holdings, Holdings)
    return holdings  # type: ignore[no-any-return]  # read as the type that is asked for


def with_portfolio(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], *, store: ObjectStore
) -> tuple[Signal | NoTrade, ...]:
    """All decisions of the session after what can only be said of them together, from the manifest alone.

    Parameters
    ----------
    decisions
        Where Greeks are limited each signal with its ticket: without one its Greeks are unknown.
    """
    settings = Settings.model_validate(manifest.settings)
    holdings = holdings_in(manifest, store)
    conditioned = condition(decisions, settings.decision)
    return overlay(
        conditioned,
        holdings,
        session=manifest.session,
        clusters=_clusters(manifest, conditioned, holdings, settings, store),
        greeks=_greeks(conditioned, holdings.account_usd(settings.risk.account_usd)),
        settings=settings,
    )


def _greeks(decisions: Sequence[Signal | NoTrade], account_usd: float) -> dict[str, Greeks]:
    """Of what each signal's share of the account buys of its ticket, parts of a contract included.

    Contracts are whole and rounded down, at any share. So Greeks in proportion to the share never fall below those of
    the order, and neither does any fraction of them.
    """
    return {
        one.ticker: Greeks.of(
            one.ticket, contracts=one.risk_share * account_usd / float(one.ticket.risk_usd), account_usd=account_usd
        )
        for one in decisions
        if isinstance(one, Signal) and isinstance(one.ticket, Ticket)
    }


def _clusters(
    manifest: Manifest,
    decisions: Sequence[Signal | NoTrade],
    holdings: Holdings,
    settings: Settings,
    store: ObjectStore,
) -> Clusters:
    """Which of the trades wanted and open move together; bars are read only where there are two to compare."""
    wanted = {one.ticker for one in decisions if isinstance(one, Signal)}
    tickers = sorted(wanted | {position.ticker for position in holdings.positions})
    if not wanted or len(tickers) < 2 or "bars" not in manifest.tables:
        return {}
    limits = settings.portfolio
    matrix = correlations(
        snapshot.read_table(store, "bars", manifest.tables["bars"]),
        tickers,
        session=manifest.session,
        sessions=limits.correlation_sessions,
    )
    return clusters(matrix, threshold=limits.correlation)
