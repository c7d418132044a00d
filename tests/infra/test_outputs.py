"""What the `signals` commands look up in a deployed stack is what the stack tells, under the same names."""

import re

from local.subscriptions import TOPICS
from tests.infra.stacks import ROOT, Deployed
from tests.local import accounts


def test_every_output_a_command_reads_is_told_by_the_stack(stack: Deployed) -> None:
    modules = (ROOT / "local").glob("*.py")
    read = {name for path in modules for name in re.findall(r'outputs\["(\w+)"\]', path.read_text())} | set(TOPICS)

    assert "LakeBucket" in read
    assert read <= stack.template["Outputs"].keys()


def test_the_account_that_commands_are_tested_on_tells_what_the_stack_tells(stack: Deployed) -> None:
    assert accounts.outputs() == stack.template["Outputs"].keys()
