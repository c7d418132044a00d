"""Keys of data providers: parameters that `signals keys set` stores, read by whoever opens a source that takes keys."""

from aws_cdk import Stack

from infra.functions import SignalFunction

NAMES = ("bls", "finnhub", "fred")  # as in options_signals.adapters.keys
TAKES_KEYS = "live"  # the source that does; the others never ask for one


def let_read_keys(function: SignalFunction, *, stage: str) -> None:
    """Tell a function where the keys of its stage lie, and let it read them; the keys themselves stand nowhere."""
    stack, folder = Stack.of(function), f"options-signals/{stage}"
    function.function.add_environment("PROVIDER_KEYS", f"/{folder}")
    for name in NAMES:
        parameter = stack.format_arn(service="ssm", resource="parameter", resource_name=f"{folder}/{name}")
        function.allow(parameter, "ssm:GetParameters")
