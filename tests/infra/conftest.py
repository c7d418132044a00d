import os
from pathlib import Path

import pytest

from infra.deploy import find_node

if node := find_node():
    os.environ["JSII_NODE"] = str(node.program)  # before the CDK is imported, which starts a Node

from tests.infra.stacks import Deployed, deployed, write_assets


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assets(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def stack(assets: Path) -> Deployed:
    """The stack as cdk.json has it, but on Yahoo, which needs no keys; synthesised once, nobody changes it."""
    return deployed(assets, source="yahoo")
