"""One session to publish, and an in-memory world to publish it in."""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from options_signals.digest import Texts
from options_signals.jobs import ledger
from options_signals.jobs.publish_signals import Edition, Outcome, Ports, publish_signals
from options_signals.signals import Confidence, NoTrade, Plan, Signal, Size, Strategy

from tests.fakes import ManualClock, MemoryTable, RecordingBus, RecordingChannel

SESSION = dt.date(2022, 11, 23)
LEASE = dt.timedelta(minutes=5)
SPY = Signal(
    ticker="SPY",
    session=SESSION,
    forecast=None,
    reasons=("vol regime NORMAL",),
    strategy=Strategy.BULL_CALL_SPREAD,
    size=Size.HALF,
    risk_share=0.0075,
    confidence=Confidence(direction=0.58, iv=0.66, overall=0.612),
    plan=Plan(min_days=14, max_days=21, legs=(), risk_share=0.015, target="75 %", stop="half the value"),
)
QQQ = NoTrade(ticker="QQQ", session=SESSION, forecast=None, reasons=("no proven skill",))
TEXTS = Texts(subject="Wed 23 Nov 2022: 1 signal", email="1 signal\nSPY BULL CALL SPREAD half", sms="SPY")
LATER_TEXTS = replace(TEXTS, email="1 signal\nSPY BULL CALL SPREAD full")


def edition(**changes: Any) -> Edition:
    usual = Edition(namespace="live", session=SESSION, attempt=1, config_id="aaa", decisions=(SPY, QQQ), texts=TEXTS)
    return replace(usual, **changes)


# A later run saw other prices: another size, other words.
LATER = edition(attempt=2, decisions=(SPY.model_copy(update={"size": Size.FULL}), QQQ), texts=LATER_TEXTS)


@dataclass
class World:
    table: MemoryTable = field(default_factory=MemoryTable)
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: ManualClock = field(default_factory=ManualClock)

    @property
    def ports(self) -> Ports:
        return Ports(table=self.table, channel=self.channel, bus=self.bus, clock=self.clock)

    def publish(self, what: Edition | None = None, **options: bool) -> Outcome:
        return publish_signals(what or edition(), ports=self.ports, lease=LEASE, **options)

    @property
    def emails(self) -> list[str]:
        return [texts.email for _, texts in self.channel.accepted]

    @property
    def digest(self) -> ledger.DigestRecord:
        record = ledger.digest(self.table, "live", SESSION)
        assert record is not None
        return record
