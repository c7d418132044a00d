"""Findings of cdk-nag that stand, each with its reason beside the construct it speaks of."""

from aws_cdk import Acknowledgment, Validations
from constructs import Construct


def acknowledge(construct: Construct, rule: str, reason: str) -> None:
    """Let one finding stand for this construct and those inside it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
