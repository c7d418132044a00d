"""A model that learned from what people say hears the same people when it is served."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pytest
from options_signals.jobs.messages import RunRequest
from options_signals.lake import MemoryStore
from options_signals.models import registry
from options_signals.settings import Settings
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.tables import SENTIMENT, validate

from tests.e2e.day import EVENING, World, stocked
from tests.models.bundles import direction_bundle

SESSION = dt.date(2022, 11, 23)
TRAINED_ON = "Finnhub headlines; ApeWisdom"


@dataclass(frozen=True)
class Ear:
    """Hears the same of every ticker."""

    name: str

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        assert first == last
        names = [column.name for column in SENTIMENT.columns if not column.optional]
        frame = pd.DataFrame([[one, EVENING, 0.6, 0.1, 5.0, 0.5, 80.0, 40.0] for one in tickers], columns=names)
        return Fetched(
            frame=validate(SENTIMENT, frame), origin=Origin(source=self.name, captured_at=EVENING, rights="own use")
        )


def listening() -> MemoryStore:
    """A registry whose direction model of SPY learned from captures."""
    store = stocked(("SPY",))
    bundle = direction_bundle(scope="SPY", sentiment=TRAINED_ON)
    registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING + dt.timedelta(days=1))
    return store


def reasons(ear: Ear | None) -> str:
    """Of the decision on SPY, as its readers got them."""
    world = World(settings=Settings(tickers=("SPY",)), store=listening())
    world.sources = replace(world.sources, sentiment=ear)
    world.day(RunRequest(session=SESSION))
    return " ".join(world.emails[0].split())


def test_what_other_people_say_is_refused() -> None:
    assert f"origin of sentiment of SPY is 'ApeWisdom'; allowed: {TRAINED_ON}" in reasons(Ear("ApeWisdom"))


@pytest.mark.parametrize("ear", [Ear(TRAINED_ON), None], ids=["the same people", "nobody"])
def test_the_same_people_are_heard_and_silence_is_an_unknown_input(ear: Ear | None) -> None:
    assert "origin of sentiment" not in reasons(ear)
