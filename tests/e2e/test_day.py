"""A day from plan to digest, and what must happen when something goes wrong."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from options_signals.digest import Texts
from options_signals.errors import (
    CorruptError,
    InvalidValueError,
    ModelMismatchError,
    ModelMissingError,
    StoreUnavailableError,
)
from options_signals.jobs import ledger
from options_signals.jobs.edition import edition_of
from options_signals.jobs.messages import Chunk, Fetch, Plan, Run, RunRequest
from options_signals.jobs.publish_signals import Outcome
from options_signals.jobs.replay import replay
from options_signals.lake import MemoryStore
from options_signals.models import registry
from options_signals.settings import Decision, Settings
from options_signals.signals import Signal
from options_signals.snapshot import Origin, committed_attempts, newest_manifest
from options_signals.sources.base import Fetched
from options_signals.tables import DIVIDENDS, validate
from options_signals.tickets import NoTicket, Ticket

from tests.e2e.day import EAGER, EVENING, TICKERS, World, replayed, stocked
from tests.fakes import RecordingChannel
from tests.models.bundles import direction_bundle
from tests.sources import faulty

SESSION = dt.date(2022, 11, 23)
LAST_SLOT = dt.datetime(2022, 11, 24, 1, 45, tzinfo=dt.UTC)  # 20:45 in New York


@dataclass
class Looking(RecordingChannel):
    """Remembers what lay in the lake when it was asked about the texts, which is before the digest is stored."""

    store: MemoryStore = field(default_factory=MemoryStore)
    there: set[str] = field(default_factory=set)

    def check(self, texts: Texts) -> None:
        assert texts.email
        self.there = set(self.store.objects)


def said(world: World) -> dict[str, str]:
    """What the digest of the session says of each ticker: its reasons in one string."""
    taken = ledger.decisions(world.table, "simulated", SESSION)
    return {decision.ticker: "; ".join(decision.reasons) for decision in taken}


def trading(**tickets: object) -> World:
    """A market in which every ticker is traded, with an account large enough for a contract of each."""
    settings = {"tickers": TICKERS, "decision": EAGER, "risk": {"account_usd": 250_000}, "tickets": tickets}
    return World(settings=Settings.model_validate(settings))


def signals(world: World) -> dict[str, Signal]:
    taken = ledger.decisions(world.table, "simulated", SESSION)
    return {decision.ticker: decision for decision in taken if isinstance(decision, Signal)}


def test_a_day_decides_on_every_ticker_and_sends_one_message() -> None:
    world = World()

    outcome = world.day()

    assert isinstance(outcome, Outcome)
    assert outcome.digest.finished
    assert set(said(world)) == set(TICKERS)
    assert len(world.channel.accepted) == len(world.bus.events) == 1


def test_a_second_run_changes_and_sends_nothing() -> None:
    world = World()
    world.day()
    rows = dict(world.table.rows)

    again = world.day()

    assert isinstance(again, Plan)
    assert "sent before" in again.reason
    assert world.table.rows == rows
    assert len(world.channel.accepted) == 1


def test_a_replay_gives_the_same_decisions_and_the_same_digest() -> None:
    world = World()
    world.day()
    before = dict(world.store.objects)

    answer = replayed(world, SESSION)

    assert answer.differences == ()
    assert world.store.objects == before


def test_every_signal_carries_its_ticket_and_a_replay_makes_the_same() -> None:
    world = trading()
    world.day()

    tickets = [signal.ticket for signal in signals(world).values()]
    assert [type(ticket) for ticket in tickets] == [Ticket] * 3
    assert world.emails[0].count("order: ") == 3
    assert replayed(world, SESSION).differences == ()


class Quarterly:
    """A source of dividends that knows the past alone."""

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        dates = pd.to_datetime(["2021-12-15", "2022-03-15", "2022-06-15", "2022-09-15"])
        assert first < dates[0].date() < last
        paid = {"amount": 1.5, "ex_date": dates, "known_on": dates}
        table = pd.concat([pd.DataFrame({"ticker": ticker, **paid}) for ticker in tickers])
        origin = Origin(source="a paper", captured_at=EVENING, rights="hand-made")
        return Fetched(frame=validate(DIVIDENDS, table), origin=origin)


def test_a_ticket_tells_of_the_dividend_that_is_due_and_a_replay_tells_the_same() -> None:
    world = trading()
    world.sources = replace(world.sources, dividends=Quarterly())
    world.day()

    assert " ".join(world.emails[0].split()).count("is expected to go ex-dividend about 2022-12-16") == 3
    assert "dividends from a paper 16:45; no sentiment" in " ".join(world.emails[0].split())
    assert replayed(world, SESSION).differences == ()


def test_the_email_links_a_picture_of_each_ticket_that_was_in_the_lake_before_it() -> None:
    world = trading()
    world.channel = looking = Looking(store=world.store)
    world.day()

    linked = [line.removeprefix("     payoff: memory:") for line in world.emails[0].splitlines() if "payoff: " in line]
    assert len(linked) == 3
    assert set(linked) <= looking.there
    assert world.store.get(linked[0]).startswith(b"\x89PNG")


def test_a_picture_that_fails_costs_the_picture_alone_and_the_replay_says_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, put = trading(), MemoryStore.put

    def refusing_pictures(self: MemoryStore, key: str, body: bytes) -> None:
        if key.endswith(".png"):
            raise StoreUnavailableError(store=key, action="writing", detail="slow down")
        put(self, key, body)

    monkeypatch.setattr(MemoryStore, "put", refusing_pictures)
    world.day()

    assert world.emails[0].count("no payoff picture: the lake did not take it") == 3
    assert replayed(world, SESSION).differences == ()


def test_without_a_chain_the_signal_stays_and_its_ticket_is_refused() -> None:
    world = trading()
    world.sources = faulty.with_chains(world.sources, faulty.without_chain("QQQ"))
    world.day()

    found = signals(world)
    assert set(found) == set(TICKERS)
    assert isinstance(found["SPY"].ticket, Ticket)
    assert isinstance(found["QQQ"].ticket, NoTicket)
    assert "no ticket: no chain, no options listed" in world.emails[0]
    assert replayed(world, SESSION).differences == ()


def test_a_chain_source_that_is_down_costs_the_tickets_and_not_the_day() -> None:
    world = trading()
    world.sources = faulty.with_chains(world.sources, faulty.down)
    world.day()

    assert {type(signal.ticket) for signal in signals(world).values()} == {NoTicket}
    assert len(signals(world)) == 3
    assert "connection refused" in world.emails[0]


def test_with_tickets_switched_off_no_chain_is_stored() -> None:
    world = trading(enabled=False)
    world.day()

    assert [signal.ticket for signal in signals(world).values()] == [None] * 3
    assert "chain" not in newest_manifest(world.store, "simulated", SESSION).tables
    assert replayed(world, SESSION).differences == ()


def test_a_replay_tells_which_decision_differs() -> None:
    world = World()
    world.day()
    stored = ledger.decisions(world.table, "simulated", SESSION)
    other = [stored[0].model_copy(update={"reasons": ("another reason",)}), *stored[1:]]

    digest = ledger.digest(world.table, "simulated", SESSION)
    assert digest is not None

    answer = replay(digest.model_copy(update={"email": "another"}), store=world.store, stored=other)

    assert f"the decision on {stored[0].ticker} differs" in answer.differences
    assert "the digest's email differs" in answer.differences


@pytest.mark.parametrize(
    ("instant", "reason"),
    [
        (dt.datetime(2022, 11, 24, 21, 45, tzinfo=dt.UTC), "closed on Thursday 2022-11-24"),
        (dt.datetime(2022, 11, 26, 21, 45, tzinfo=dt.UTC), "closed on Saturday 2022-11-26"),
        (dt.datetime(2022, 11, 23, 20, 45, tzinfo=dt.UTC), "closes at 16:00 New York time; it is not over yet"),
    ],
)
def test_without_a_closed_session_nothing_is_stored(instant: dt.datetime, reason: str) -> None:
    world = World()
    before = dict(world.store.objects)

    plan = world.day(RunRequest(scheduled_time=instant))

    assert isinstance(plan, Plan)
    assert not plan.proceed
    assert reason in plan.reason
    assert world.store.objects == before
    assert world.table.rows == {}


def test_a_future_session_is_refused_and_nothing_is_stored() -> None:
    world = World()

    plan = world.day(RunRequest(session=dt.date(2022, 11, 25)))

    assert isinstance(plan, Plan)
    assert "the session of 2022-11-25 closes at 13:00 New York time; it is not over yet" in plan.reason
    assert world.table.rows == {}


def test_a_half_day_is_a_session_with_its_own_close() -> None:
    world = World()
    world.clock.at = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)

    world.day()

    assert "13:00 ET" in world.emails[0]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faulty.without_last_bar("QQQ"), "last bar is of 22 Nov 2022, wanted 23 Nov 2022"),
        (faulty.stale("QQQ", sessions=5), "last bar is of 16 Nov 2022, wanted 23 Nov 2022"),
        (faulty.short_history("QQQ", sessions=100), "too short a history: 100 of the 504 sessions needed"),
        (faulty.non_positive("QQQ"), "a price is not a positive number on 23 Nov 2022"),
        (faulty.duplicated("QQQ"), "two bars of one session"),
        (faulty.missing("QQQ"), "no such name"),
    ],
)
def test_one_bad_ticker_is_refused_with_its_reason_and_the_others_go_on(fault: faulty.Fault, reason: str) -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, fault)

    world.day()

    assert reason in said(world)["QQQ"]
    assert reason in " ".join(world.emails[0].split())
    assert ledger.decisions(world.table, "simulated", SESSION)[0].forecast is not None


def test_a_missing_volatility_index_is_refused_and_never_replaced() -> None:
    world = World()
    world.sources = faulty.with_indices(world.sources, faulty.missing("VXN"))

    world.day()

    assert "VXN has no value for 23 Nov 2022" in said(world)["QQQ"]
    assert "VXN" not in said(world)["SPY"]


def test_a_ticker_without_an_index_of_its_own_is_refused_by_name() -> None:
    world = World(settings=Settings(tickers=("SPY", "AAPL")))
    world.settings = world.settings.model_copy(update={"model_scope": "ticker"})
    _serve(world, "AAPL")

    world.day()

    assert "AAPL has no volatility index of its own" in said(world)["AAPL"]


def test_an_allowed_proxy_is_named_in_the_signal() -> None:
    world = World(settings=Settings(tickers=("SPY", "AAPL"), allow_iv_proxy={"AAPL": "VIX"}))
    _serve(world, "AAPL")

    world.day()

    decision = next(d for d in ledger.decisions(world.table, "simulated", SESSION) if d.ticker == "AAPL")
    assert decision.forecast is not None
    assert any("VIX stands in for a volatility index of AAPL's own" in warning for warning in decision.warnings)


def test_a_provider_that_stays_down_leaves_the_day_to_a_later_slot() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, faulty.down)

    fetched = world.day()

    assert isinstance(fetched, Fetch)
    assert not fetched.committed
    assert committed_attempts(world.store, "simulated", SESSION) == []
    assert world.channel.accepted == []


def test_at_the_last_slot_a_provider_that_is_down_is_reported_for_every_ticker() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, faulty.down)

    world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert set(said(world)) == set(TICKERS)
    assert "data not good enough" in world.channel.accepted[0][1].subject


def test_a_later_slot_heals_what_an_earlier_one_could_not_fetch() -> None:
    world = World()
    good = world.sources
    world.sources = faulty.with_bars(good, faulty.down)
    world.day()

    world.sources = good
    outcome = world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert isinstance(outcome, Outcome)
    assert len(world.channel.accepted) == 1


def test_without_a_model_the_run_fails_before_any_signal() -> None:
    world = World(settings=Settings(tickers=("SPY", "DIA")))

    with pytest.raises(ModelMissingError, match="no champion of direction for DIA"):
        world.day()

    assert world.table.rows == {}


def test_a_bundle_that_was_altered_fails_the_run_before_any_signal() -> None:
    world = World()
    graph = next(key for key in world.store.keys("models/simulated/direction/SPY/") if key.endswith("model.onnx"))
    world.store.put(graph, world.store.get(graph)[:-1] + b"\x00")

    with pytest.raises(ModelMismatchError, match="graph"):
        world.day()

    assert world.table.rows == {}


def test_a_model_that_has_seen_the_future_is_refused() -> None:
    world = World()

    with pytest.raises(ModelMismatchError, match="training span"):
        world.day(RunRequest(session=dt.date(2022, 11, 22)))


def test_a_corrupt_snapshot_names_the_file_and_the_remedy() -> None:
    world = World()
    world.day()
    key = newest_manifest(world.store, "simulated", SESSION).tables["bars"].key
    world.store.put(key, b"not what was written")

    with pytest.raises(CorruptError, match=f"{key} is damaged") as caught:
        world.chunk(Run(namespace="simulated", session=SESSION, attempt=1), ("SPY",))

    assert "Run the session again" in str(caught.value)


def test_a_failed_chunk_costs_that_chunk_and_says_why() -> None:
    world = World()
    plan = world.plan(RunRequest(scheduled_time=EVENING))
    fetched = world.fetch(plan)
    good = world.chunk(fetched.run, ("SPY", "QQQ"))
    bad = Chunk(run=fetched.run, tickers=("IWM",), error="out of memory")

    edition = edition_of(fetched.run, [good, bad], store=world.store)
    refused = {decision.ticker: decision.reasons for decision in edition.decisions}
    assert refused["IWM"] == ("a step failed for its part of the watchlist: out of memory",)
    assert all("out of memory" not in reason for reason in refused["SPY"])


def test_other_settings_on_a_finished_session_change_nothing_without_revise() -> None:
    world = World()
    world.day()
    world.settings = Settings(tickers=TICKERS, decision=Decision(trade_unproven=True))

    plan = world.day(RunRequest(session=SESSION))

    assert isinstance(plan, Plan)
    assert "made with other settings" in plan.reason


def test_a_what_if_before_the_first_digest_is_not_what_the_evening_sends() -> None:
    world = World()

    early = world.day(RunRequest(session=SESSION, revise=True, send=False))

    assert isinstance(early, Plan)
    assert early.reason == "2022-11-23 has no digest yet that could be revised: run it without --revise"
    assert ledger.digest(world.table, world.sources.namespace, SESSION) is None
    assert isinstance(world.day(), Outcome)
    assert len(world.emails) == 1


def test_a_revision_is_stored_beside_the_first_digest() -> None:
    world = World()
    world.day()
    world.settings = Settings(tickers=TICKERS, decision=Decision(trade_unproven=True))

    outcome = world.day(RunRequest(session=SESSION, revise=True, send=False))

    assert isinstance(outcome, Outcome)
    assert outcome.digest.revision == 1
    assert len(world.channel.accepted) == 1


def test_a_later_slot_leaves_a_revision_that_was_only_recorded_alone() -> None:
    world = World()
    world.day()
    world.settings = Settings(tickers=TICKERS, decision=Decision(trade_unproven=True))
    world.day(RunRequest(session=SESSION, revise=True, send=False))

    later = world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert isinstance(later, Plan)
    assert "sent before" in later.reason
    assert len(world.channel.accepted) == 1


def test_a_session_refused_on_bad_data_is_decided_again_when_asked_for() -> None:
    world = World()
    good = world.sources
    for ticker in TICKERS:
        world.sources = faulty.with_bars(world.sources, faulty.without_last_bar(ticker))
    world.day(RunRequest(session=SESSION))
    world.sources = good

    outcome = world.day(RunRequest(session=SESSION, revise=True))

    assert isinstance(outcome, Outcome)
    first, second = world.emails
    assert "no signals, data not good enough" in first
    assert "no signals, data not good enough" not in second
    assert outcome.digest.revision == 1
    assert second.startswith("REVISED · replaces digest ")
    assert "changed against it: IWM was REFUSED, QQQ was REFUSED, SPY was REFUSED" in " ".join(second.split())
    assert replayed(world, SESSION).differences == ()


def test_the_reasons_of_refused_tickers_do_not_travel_with_the_chunks() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, faulty.without_last_bar("IWM"))
    fetched = world.fetch(world.plan(RunRequest(session=SESSION)))

    (chunk,) = (world.chunk(fetched.run, tickers) for tickers in fetched.chunks)
    world.send(fetched, [chunk])

    assert chunk.refused == {}
    assert "last bar is of" in said(world)["IWM"]


def test_the_next_day_says_what_changed() -> None:
    world = World()
    world.day()
    world.clock.at = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)

    world.day()

    manifest = newest_manifest(world.store, "simulated", dt.date(2022, 11, 25))
    assert set(manifest.previous) == set(TICKERS)


def test_without_macro_the_digest_says_so() -> None:
    world = World()
    world.sources = replace(world.sources, macro=None)

    world.day()

    assert "macro" in newest_manifest(world.store, "simulated", SESSION).absent
    assert "macro" in world.emails[0]


def _serve(world: World, ticker: str) -> None:
    world.store.objects.update(stocked((ticker,)).objects)


def test_a_revision_for_want_of_data_takes_nothing_back() -> None:
    world = World()
    world.day(RunRequest(scheduled_time=LAST_SLOT))
    told = list(world.emails)
    world.sources = faulty.with_bars(world.sources, faulty.down)

    answer = world.day(RunRequest(session=SESSION, revise=True))

    assert isinstance(answer, Fetch)
    assert told
    assert world.emails == told


def test_a_company_that_nobody_has_a_date_of_earnings_for_is_told_as_such() -> None:
    settings = Settings(tickers=("SPY", "KO"), allow_iv_proxy={"KO": "VIX"})
    world = World(settings=settings, store=stocked(("SPY", "KO")))
    plan = world.plan(RunRequest(session=SESSION))
    world.sources = replace(world.sources, world="market")  # whose companies report

    world.fetch(plan)

    verdicts = newest_manifest(world.store, "simulated", SESSION).verdicts
    assert verdicts["SPY"].status == "ok"
    assert verdicts["KO"].reasons == (
        "nobody told when it reports earnings (no calendar was delivered): a trade may be held over them",
    )


def test_bars_on_another_price_basis_than_the_model_was_trained_on_are_refused() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, _without_adjusted_close)

    world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert "price basis of SPY is 'traded'; allowed: total_return" in said(world)["SPY"]


def _without_adjusted_close(fetched: Fetched) -> Fetched:
    return replace(fetched, frame=fetched.frame.drop(columns="adj_close"))


def test_an_index_that_all_tickers_need_is_awaited_until_the_last_slot() -> None:
    world = World()
    world.sources = faulty.with_indices(world.sources, faulty.missing("VIX3M"))

    early = world.day()
    late = world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert isinstance(early, Fetch)
    assert "VIX3M has no value for 2022-11-23" in early.reason
    assert isinstance(late, Outcome)
    decision = ledger.decisions(world.table, "simulated", SESSION)[0]
    assert any("VIX3M has no value for 2022-11-23" in warning for warning in decision.warnings)


def test_a_proxy_for_a_ticker_with_an_index_of_its_own_is_refused() -> None:
    world = World(settings=Settings(tickers=("SPY",), allow_iv_proxy={"SPY": "VXN"}))

    with pytest.raises(InvalidValueError, match="SPY has VIX as its own index"):
        world.day(RunRequest(scheduled_time=LAST_SLOT))


def test_a_model_trained_on_another_volatility_index_is_refused() -> None:
    world = World(settings=Settings(tickers=("AAPL",), allow_iv_proxy={"AAPL": "VXN"}))
    bundle = direction_bundle(scope="AAPL", index="VIX")
    _serve(world, "AAPL")
    registry.promote(world.store, registry.publish(world.store, bundle.card, bundle.graph), when=EVENING)

    world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert "volatility index of AAPL is 'VXN'; allowed: VIX" in said(world)["AAPL"]


def test_when_no_ticker_can_be_decided_a_later_slot_gets_its_chance() -> None:
    world = World()
    good, world.sources = world.sources, faulty.with_bars(world.sources, _without_adjusted_close)

    early = world.day()
    world.sources = good
    late = world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert isinstance(early, Fetch)
    assert isinstance(late, Outcome)
    assert len(world.channel.accepted) == 1
    assert "data not good enough" not in world.channel.accepted[0][1].subject


def test_at_the_last_slot_it_is_said_that_no_ticker_could_be_decided() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, _without_adjusted_close)

    world.day(RunRequest(scheduled_time=LAST_SLOT))

    assert "data not good enough" in world.channel.accepted[0][1].subject


def test_a_ticker_that_cannot_have_a_model_costs_only_itself() -> None:
    world = World(settings=Settings(tickers=("SPY", "AAPL")))

    world.day()

    assert "AAPL has no volatility index of its own" in said(world)["AAPL"]
    assert "AAPL" not in said(world)["SPY"]


def test_a_decision_that_was_only_recorded_is_not_what_readers_were_told() -> None:
    world = World()
    world.day(RunRequest(session=SESSION, send=False))
    world.clock.at = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)

    world.day()

    assert newest_manifest(world.store, "simulated", dt.date(2022, 11, 25)).previous == {}
