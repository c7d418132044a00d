"""The functions: one row each for memory and time, everything else in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.assets import Assets
from infra.nag import acknowledge

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.X86_64
SERVICE, METRICS = "options-signals", "OptionsSignals"  # of each log line, and of what the functions count


@dataclass(frozen=True, slots=True)
class Size:
    """Memory, which also sets the share of a processor (1769 MiB: one whole), and the longest run."""

    folder: str
    memory_mib: int
    timeout_seconds: int


STEPS = (
    Size("plan_session", 1024, 180),  # loads and verifies two models per ticker
    Size("fetch_data", 1024, 900),  # as long as Lambda allows: the provider's pace decides, about a second a ticker
    Size("build_features", 1769, 300),  # all computing: more memory makes it shorter, not dearer
    Size("run_inference", 1769, 300),  # the same
    Size("select_strategies", 1024, 120),
    # All computing: 50 tickets with pictures took 8 s of a processor, and 50 refused ones, for each of which something
    # else is looked for, 22 s. Below its lease of 120 s, so that whoever held an expired lease is dead.
    Size("publish_signals", 1769, 90),
)
WATCHDOG = Size("watchdog", 512, 60)  # reads one partition of the table


class Layers(Construct):
    """The layers the build made, by name."""

    def __init__(self, scope: Construct, name: str, *, assets: Assets) -> None:
        super().__init__(scope, name)
        self.by_name = {
            layer: lambda_.LayerVersion(
                self,
                _pascal(layer),
                code=lambda_.Code.from_asset(str(archive)),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[ARCHITECTURE],
            )
            for layer, archive in assets.layers.items()
        }


class SignalFunction(Construct):
    """One function with a role and a log group of its own. It may write that log; the stack grants the rest.

    `dead_letters` takes the events of a function that is started by the clock and failed three times.
    """

    def __init__(
        self,
        scope: Construct,
        size: Size,
        *,
        assets: Assets,
        layers: Layers,
        environment: Mapping[str, str],
        log_retention: logs.RetentionDays,
        dead_letters: sqs.Queue | None = None,
    ) -> None:
        super().__init__(scope, _pascal(size.folder))
        log_group = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(assets.function(size.folder))),
            layers=[layers.by_name[layer] for layer in assets.layers_of(size.folder)],
            memory_size=size.memory_mib,
            timeout=Duration.seconds(size.timeout_seconds),
            environment={
                **environment,
                "POWERTOOLS_SERVICE_NAME": SERVICE,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS,
            },
            role=self.role,
            log_group=log_group,
            dead_letter_queue=dead_letters,
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The lock file and every test are for Python 3.13; a newer runtime comes with a new lock file.",
        )

    def allow(self, resource: str, *actions: str) -> None:
        """Grant actions on one resource."""
        self.role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))


def name_in_definition(folder: str) -> str:
    """The name that stands for a function in the definition file: plan_session -> PlanSession."""
    return _pascal(folder)


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
