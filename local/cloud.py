"""An AWS account inside this process: moto holds table, topics and state machine; the real handlers do the work.

The state machine is the definition file that the cloud runs. Each Lambda task is routed to the handler of the same
name, loaded from `functions/`. The lake is a folder; the table is written through to files by the journal.
"""

import contextlib
import importlib.util
import io
import json
import re
import sys
import time
import traceback
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import boto3
from moto import mock_aws
from options_signals.adapters.dynamo import DynamoTable, create_table
from options_signals.adapters.folder import locked
from options_signals.jobs.messages import told

from local import seams
from local.home import Home
from local.journal import Journal

ROOT = Path(__file__).resolve().parent.parent
DEFINITION = ROOT / "infra" / "state_machine.asl.json"
REGION = "us-east-1"
TABLE = "signals"
SERVICE = "options-signals"

type Json = seams.Json
type OnStep = Callable[[str, Json], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How one run of the state machine ended."""

    status: str  # SUCCEEDED, FAILED, TIMED_OUT
    output: Json
    error: str = ""
    cause: str = ""
    messages: tuple[str, ...] = ()  # what subscribers of the alerts topic received
    alerts: tuple[str, ...] = ()  # what the operator received


def function_names() -> list[str]:
    """PascalCase names of the functions in the definition file, such as PlanSession."""
    return sorted(set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text(encoding="utf-8"))))


def folder_of(function: str) -> str:
    """PlanSession -> plan_session."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()


@dataclass(kw_only=True)
class LaptopCloud:
    """One account, from `with` to its end. One at a time: the home folder is locked."""

    home: Home
    namespace: str
    environment: Mapping[str, str]
    sessions: tuple[str, ...] | None = None  # which journalled sessions to restore; None: all
    on_step: OnStep = lambda _name, _event: None
    _handlers: dict[str, Callable[[Json, Any], Json]] = field(default_factory=dict)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        """Start the account: everything is rebuilt from the home folder."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(locked(self.home.root))
            stack.enter_context(seams.environment({"AWS_DEFAULT_REGION": REGION}))
            stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
            stack.enter_context(seams.routed_to(self._invoke))
            for library in ("moto", "yfinance"):
                stack.enter_context(seams.quiet(library))
            boto3.setup_default_session()
            stack.callback(setattr, boto3, "DEFAULT_SESSION", None)
            log = stack.enter_context(seams.opened_log(self.home.log))
            self._build(stack)
            stack.enter_context(seams.logging_to(log, service=SERVICE))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the account and let go of the home folder."""
        self._stack.close()

    @property
    def table(self) -> DynamoTable:
        """The table of signals and digests."""
        return DynamoTable(TABLE)

    def run(self, event: Json) -> Execution:
        """Run one day, as the scheduler would start it."""
        client = boto3.client("stepfunctions")
        started = client.start_execution(
            stateMachineArn=self._machine, name=f"run-{uuid.uuid4().hex}", input=json.dumps(event)
        )
        while (state := client.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
            time.sleep(0.05)  # each look costs some milliseconds of the processor that the run could have
        if state["status"] != "SUCCEEDED":
            self._tell_operator(state)
        return Execution(
            status=state["status"],
            output=json.loads(state.get("output", "null")),
            error=state.get("error", ""),
            cause=told(state.get("cause", "")),
            messages=self._received(self._alerts_queue),
            alerts=self._received(self._operator_queue),
        )

    def _build(self, stack: contextlib.ExitStack) -> None:
        dynamodb = boto3.client("dynamodb")
        create_table(dynamodb, TABLE)
        journal = Journal(self.home.table, table=TABLE)
        journal.restore(dynamodb, namespace=self.namespace, sessions=self.sessions)
        journal.listen()
        self._operator_topic, self._operator_queue = _topic_with_queue("operator")
        alerts_topic, self._alerts_queue = _topic_with_queue("alerts")
        boto3.client("events").create_event_bus(Name="signals")
        stack.enter_context(
            seams.environment(
                {
                    "SIGNALS_LAKE": str(self.home.lake),
                    "SIGNALS_TABLE": TABLE,
                    "SIGNALS_TOPIC": alerts_topic,
                    "SIGNALS_BUS": "signals",
                    "POWERTOOLS_SERVICE_NAME": SERVICE,
                    "POWERTOOLS_METRICS_NAMESPACE": "OptionsSignals",
                    **self.environment,
                }
            )
        )
        self._machine = self._state_machine()

    def _state_machine(self) -> str:
        role = boto3.client("iam").create_role(RoleName="laptop", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        definition = DEFINITION.read_text(encoding="utf-8")
        for name in function_names():
            self._handlers[name] = load_handler(folder_of(name))
            definition = definition.replace(f"${{{name}}}", _function(name, role))
        machine = boto3.client("stepfunctions").create_state_machine(
            name="daily-signals", definition=definition, roleArn=role
        )
        return str(machine["stateMachineArn"])

    def _invoke(self, function: str, event: Json) -> tuple[str, bool, str]:
        """What Lambda does: call the handler, answer its JSON, or the error's type and message."""
        self.on_step(function, event)
        try:
            return json.dumps(self._handlers[function](event, _Context(function))), False, ""
        except Exception as error:  # noqa: BLE001 - Lambda, too, turns whatever escapes into an answer
            answer = {
                "errorType": type(error).__name__,
                "errorMessage": str(error),
                "stackTrace": traceback.format_tb(error.__traceback__),
            }
            return json.dumps(answer), True, ""

    def _tell_operator(self, state: Mapping[str, Any]) -> None:
        """What the rule on failed executions does in the cloud."""
        boto3.client("sns").publish(
            TopicArn=self._operator_topic,
            Subject="options-signals: a run failed",
            Message=told(state.get("cause", "")),
        )

    def _received(self, queue: str) -> tuple[str, ...]:
        client = boto3.client("sqs")
        found: list[str] = []
        while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"])["Message"])
                client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Context:
    """The part of Lambda's context that Powertools reads."""

    function_name: str
    function_version: str = "laptop"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:laptop"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def load_handler(folder: str) -> Callable[[Json, Any], Json]:
    """The handler of `functions/<folder>/handler.py`, as a module of its own each time, so that nothing is shared."""
    path = ROOT / "functions" / folder / "handler.py"
    name = f"handler_{folder}_{uuid.uuid4().hex[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - a .py path always has a loader
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    handler: Callable[[Json, Any], Json] = module.handler
    return handler


def _function(name: str, role: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", "")  # never run: invocations are routed to the handlers in this process
    answer = boto3.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return str(answer["FunctionArn"])


def _topic_with_queue(name: str) -> tuple[str, str]:
    topic = boto3.client("sns").create_topic(Name=name)["TopicArn"]
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName=f"{name}-seen")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue
