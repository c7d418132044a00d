"""Models on their way from the laptop to the deployed registry."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from options_signals.adapters.s3 import S3Store
from options_signals.errors import ModelMismatchError, NotFoundError
from options_signals.lake import MemoryStore, ObjectStore
from options_signals.models import registry
from options_signals.models.bundle import load

from local.account import Account
from local.home import Home
from local.upload import deployed_store, upload_models
from tests.e2e.day import EVENING
from tests.local import accounts
from tests.local.shell import Shell
from tests.models.bundles import direction_bundle, regime_bundle

LATER = EVENING + dt.timedelta(days=1)


def train(store: ObjectStore, *, world: str = "market", threshold: float = 0.5) -> str:
    """Store and serve a pair of models; answer the direction model's version."""
    for bundle in (regime_bundle(world=world), direction_bundle(world=world, threshold=threshold)):
        registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)
    return bundle.card.version


def served(store: ObjectStore) -> str:
    return registry.champion(store, "market", "direction", "SPY").version


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SIGNALS_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    """The registry of a deployed stage."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.setup_default_session()
        accounts.deploy()
        yield deployed_store(Account("prod"))
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_what_is_served_here_is_served_there_to_the_byte(home: Home, deployed: S3Store, shell: Shell) -> None:
    version = train(home.store())

    code, out, _ = shell("models", "upload")

    assert code == 0
    assert f"direction for SPY: {version}, served" in out
    there = registry.champion(deployed, "market", "direction", "SPY")
    assert there == registry.champion(home.store(), "market", "direction", "SPY")
    assert load(deployed, there).card.version == version


def test_an_older_version_goes_along_and_is_not_served() -> None:
    here, there = MemoryStore(), MemoryStore()
    first, second = train(here, threshold=0.4), train(here)

    told = upload_models(here, there, when=LATER)

    assert f"direction for SPY: {first}" in told
    assert (served(there), first != second) == (second, True)


def test_a_second_upload_changes_nothing() -> None:
    here, there = MemoryStore(), MemoryStore()
    train(here)
    upload_models(here, there, when=EVENING)
    before = dict(there.objects)

    upload_models(here, there, when=LATER)

    assert there.objects == before


def test_a_new_upload_can_be_rolled_back_there_and_promoted_again(home: Home, deployed: S3Store, shell: Shell) -> None:
    first = train(home.store(), threshold=0.4)
    shell("models", "upload")
    second = train(home.store())
    shell("models", "upload")

    assert served(deployed) == second
    shell("models", "rollback", "direction", "SPY", "--stage", "prod")
    assert (served(deployed), served(home.store())) == (first, second)
    shell("models", "promote", "direction", "SPY", second, "--stage", "prod")
    assert served(deployed) == second
    assert second in {card["version"] for card in shell.json("models", "list", "--stage", "prod")}


def test_models_of_the_simulated_market_stay_here() -> None:
    here, there = MemoryStore(), MemoryStore()
    train(here, world="simulated")

    with pytest.raises(NotFoundError, match=r"no model of the market in .* `signals train-all`"):
        upload_models(here, there, when=EVENING)

    assert there.objects == {}


def test_a_bundle_that_was_damaged_here_is_not_served_there() -> None:
    here, there = MemoryStore(), MemoryStore()
    train(here)
    (graph,) = [key for key in here.objects if "direction" in key and key.endswith("model.onnx")]
    here.objects[graph] += b"\0"

    with pytest.raises(ModelMismatchError, match="graph digest"):
        upload_models(here, there, when=EVENING)

    assert not any("direction" in key for key in there.objects)


@pytest.mark.usefixtures("deployed", "home")
def test_training_for_a_stage_that_is_not_deployed_ends_before_it_begins(shell: Shell) -> None:
    code, out, err = shell("train-all", "--upload", "--stage", "test")

    assert (code, out) == (1, "")
    assert "no stack options-signals-test" in err


@pytest.mark.usefixtures("deployed", "home")
def test_training_on_the_simulated_market_is_not_for_upload(shell: Shell) -> None:
    code, out, err = shell("train-all", "--source", "simulated", "--upload")

    assert (code, out) == (2, "")
    assert "source is 'simulated'; allowed: with --upload, a source of the market" in err
