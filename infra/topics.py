"""Who hears what: the alerts topic carries each session's digest, the operator topic what went wrong.

No topic has a KMS key: alarms and events cannot publish to one under the key that AWS manages.
"""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct


class Topics(Construct):
    """Both topics; publishing needs TLS. Subscriptions are made by `signals subscribe`, never by a template."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.alerts = sns.Topic(self, "Alerts", display_name="Option signals", enforce_ssl=True)
        self.operator = sns.Topic(self, "Operator", display_name="Option signals operator", enforce_ssl=True)
        # The rule of failed runs adds EventBridge, without a condition: EventBridge takes none in a topic's policy,
        # and would fail to deliver without a word.
        self.operator.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.operator.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
