"""The whole product in one stack: what there is, and who may do what."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms
from infra.assets import Assets
from infra.config import Config
from infra.dashboard import Dashboard
from infra.events import FailedRuns, SignalBus
from infra.functions import STEPS, WATCHDOG, Layers, SignalFunction, Size, name_in_definition
from infra.keys import TAKES_KEYS, let_read_keys
from infra.lake import Lake
from infra.nag import acknowledge
from infra.schedules import EVERY_DAY, WEEKDAYS, Schedules
from infra.signals_table import SignalsTable
from infra.slack import SlackMessages
from infra.state_machine import DailySignals
from infra.topics import Topics

WATCHDOG_AT = "21:15"
UNDELIVERED = "Slack refused a digest, or took none for an hour: the dead letter says why. Mails go out all the same."


class SignalsStack(Stack):
    """Composes the constructs and grants; each grant is a call that the function is seen to make."""

    def __init__(self, scope: Construct, *, config: Config, code_version: str) -> None:
        super().__init__(
            scope,
            config.stack_name,
            description="Option trade signals after each US market close",
        )
        self.config, self.code_version = config, code_version
        self.assets = Assets.read(config.assets)
        self.lake = Lake(self, "Lake")
        self.table = SignalsTable(self, "Signals")
        self.topics = Topics(self, "Topics")
        self.events = SignalBus(self, "Events")
        self.layers = Layers(self, "Layers", assets=self.assets)
        self.schedules = Schedules(self, "Schedules")
        self.steps = {size.folder: self._function(size) for size in STEPS}
        self.watchdog = self._function(WATCHDOG, dead_letters=self.schedules.dead_letters)
        self.day = DailySignals(
            self,
            "Day",
            functions={name_in_definition(folder): step.function for folder, step in self.steps.items()},
            log_name=f"/aws/vendedlogs/states/{config.stack_name}",
            log_retention=config.log_retention,
        )
        self._grant()
        self._schedule()
        self._watch()
        self._tell()

    def _function(self, size: Size, *, dead_letters: sqs.Queue | None = None) -> SignalFunction:
        return SignalFunction(
            self,
            size,
            assets=self.assets,
            layers=self.layers,
            log_retention=self.config.log_retention,
            dead_letters=dead_letters,
            environment={
                "SIGNALS_LAKE": self.lake.bucket.s3_url_for_object(),
                "SIGNALS_TABLE": self.table.table.table_name,
                "SIGNALS_TOPIC": self.topics.alerts.topic_arn,
                "SIGNALS_OPERATOR_TOPIC": self.topics.operator.topic_arn,
                "SIGNALS_BUS": self.events.bus_name,
                "SIGNALS_SOURCE": self.config.source,
                "SIGNALS_CODE": self.code_version,
                **self.config.environment,
            },
        )

    def _grant(self) -> None:
        """What each function calls, and nothing else: a test records the calls of a day and compares."""
        steps, table = self.steps, self.table.table.table_arn

        # Without leave to list, S3 answers "forbidden" instead of "not there", and a missing model goes unnamed.
        steps["plan_session"].allow(self.lake.bucket.bucket_arn, "s3:ListBucket")
        self._allow_objects("plan_session", "models", "s3:GetObject")
        self._allow_objects("plan_session", "runs", "s3:PutObject")
        steps["plan_session"].allow(table, "dynamodb:Query")

        steps["fetch_data"].allow(self.lake.bucket.bucket_arn, "s3:ListBucket")  # is there an account file?
        self._allow_objects("fetch_data", "account", "s3:GetObject")
        self._allow_objects("fetch_data", "runs", "s3:GetObject")
        self._allow_objects("fetch_data", "snapshots", "s3:GetObject", "s3:PutObject")
        steps["fetch_data"].allow(table, "dynamodb:Query")

        self._allow_objects("build_features", "snapshots", "s3:GetObject")
        self._allow_objects("build_features", "runs", "s3:PutObject")

        self._allow_objects("run_inference", "models", "s3:GetObject")
        self._allow_objects("run_inference", "snapshots", "s3:GetObject")
        self._allow_objects("run_inference", "runs", "s3:GetObject", "s3:PutObject")

        self._allow_objects("select_strategies", "snapshots", "s3:GetObject")
        self._allow_objects("select_strategies", "runs", "s3:GetObject", "s3:PutObject")

        self._allow_objects("publish_signals", "snapshots", "s3:GetObject")
        self._allow_objects("publish_signals", "runs", "s3:GetObject")
        self._allow_objects("publish_signals", "pictures", "s3:PutObject")
        writes = ("dynamodb:PutItem", "dynamodb:UpdateItem")
        steps["publish_signals"].allow(table, "dynamodb:GetItem", "dynamodb:Query", *writes)
        steps["publish_signals"].allow(self.topics.alerts.topic_arn, "sns:Publish")
        steps["publish_signals"].allow(self.events.bus.event_bus_arn, "events:PutEvents")

        self.watchdog.allow(table, "dynamodb:Query")
        self.watchdog.allow(self.topics.operator.topic_arn, "sns:Publish")

        if self.config.source.startswith(TAKES_KEYS):
            for opens_source in (steps["plan_session"], steps["fetch_data"], self.watchdog):
                let_read_keys(opens_source, stage=self.config.stage)

    def _allow_objects(self, step: str, folder: str, *actions: str) -> None:
        self.steps[step].allow(self.lake.arn_of(folder), *actions)
        acknowledge(
            self.steps[step],
            self.lake.finding_on(folder),
            f"Keys below {folder}/ carry dates and digests that nobody can list beforehand.",
        )

    def _schedule(self) -> None:
        machine, watchdog = self.day.machine.state_machine_arn, self.watchdog.function.function_arn
        for slot in self.config.slots:
            name = f"At{slot.replace(':', '')}"
            self.schedules.add(name, at=slot, days=WEEKDAYS, target=machine, action="states:StartExecution")
        # On all days, though it has nothing to say at weekends: so a day without a run of it means that it is broken.
        self.schedules.add("Watchdog", at=WATCHDOG_AT, days=EVERY_DAY, target=watchdog, action="lambda:InvokeFunction")

    def _watch(self) -> None:
        FailedRuns(self, "FailedRuns", machine=self.day.machine, operator=self.topics.operator)
        alarms = Alarms(
            self,
            "Alarms",
            dead_letters=self.schedules.dead_letters,
            watchdog=self.watchdog.function,
            alerts=self.topics.alerts,
            operator=self.topics.operator,
        )
        if self.config.slack_webhook_secret:
            slack = SlackMessages(self, "Slack", bus=self.events.bus, secret_name=self.config.slack_webhook_secret)
            alarms.on_dead_letters("SlackUndelivered", UNDELIVERED, slack.dead_letters)
        if self.config.dashboard:
            functions = [step.function for step in self.steps.values()]
            Dashboard(self, "Dashboard", machine=self.day.machine, functions=functions)

    def _tell(self) -> None:
        """What the `signals` command looks up, by these names."""
        outputs = {
            "LakeBucket": self.lake.bucket.bucket_name,
            "SignalsTable": self.table.table.table_name,
            "AlertsTopic": self.topics.alerts.topic_arn,
            "OperatorTopic": self.topics.operator.topic_arn,
            "EventBus": self.events.bus_name,
            "StateMachine": self.day.machine.state_machine_arn,
            "ScheduleGroup": self.schedules.group_name,
            "DeadLetters": self.schedules.dead_letters.queue_url,
            "WatchdogFunction": self.watchdog.function.function_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
