from pathlib import Path

import pytest

from tests.infra.stacks import Deployed, deployed, write_assets


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assets(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def stack(assets: Path) -> Deployed:
    """The stack as cdk.json has it; synthesised once, nobody changes it."""
    return deployed(assets)
