"""Each published digest as a message in a Slack channel, for those who name the secret with its webhook's address."""

from aws_cdk import Duration, SecretValue, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.dead_letters import dead_letter_queue

LATEST_MESSAGE = Duration.hours(1)  # later, signals of this evening could be taken for those of the next
PATTERN = events.EventPattern(source=["options-signals"], detail_type=["SignalsPublished"])


class SlackMessages(Construct):
    """A rule on the bus that posts `{"text": …}` to the webhook, at least once. What fails for an hour: a dead letter.

    The webhook's address is the secret. The template carries a reference that CloudFormation resolves when it makes
    the destination: `secretsmanager` is the kind it takes in any property, `ssm-secure` is not.
    """

    def __init__(self, scope: Construct, name: str, *, bus: events.EventBus, secret_name: str) -> None:
        super().__init__(scope, name)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        destination = events.ApiDestination(
            self,
            "Destination",
            connection=self._connection(),
            endpoint=SecretValue.secrets_manager(secret_name).unsafe_unwrap(),  # a reference, not the value
            rate_limit_per_second=1,  # as many as Slack takes
        )
        events.Rule(
            self,
            "Rule",
            description="Each published digest to Slack",
            event_bus=bus,
            event_pattern=PATTERN,
            targets=[
                targets.ApiDestination(
                    destination,
                    # A field that stands alone is put in as a JSON string. One inside a text would have to trust the
                    # rule to escape the quotes in it.
                    event=events.RuleTargetInput.from_object({"text": events.EventField.from_path("$.detail.chat")}),
                    dead_letter_queue=self.dead_letters,
                    max_event_age=LATEST_MESSAGE,
                )
            ],
        )

    def _connection(self) -> events.Connection:
        """A destination demands an authorisation; Slack asks for none and ignores the header."""
        sender = SecretValue.unsafe_plain_text(Stack.of(self).stack_name)
        return events.Connection(self, "Connection", authorization=events.Authorization.api_key("X-Sender", sender))
