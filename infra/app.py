"""Entry point of `npx cdk`: one stack, checked against the AwsSolutions rules of cdk-nag."""

import subprocess
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.assets import Assets
from infra.config import Config
from infra.stack import SignalsStack

ROOT = Path(__file__).resolve().parent.parent


def code_version(assets: Assets) -> str:
    """The commit of this checkout, `+` if files differ from it, and the digest of the packages built from it."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+"]
    try:
        commit = subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603 - our own checkout
    except (OSError, subprocess.CalledProcessError):
        commit = "no-git"
    return f"{commit}/{assets.digest}"


def compose(app: App) -> SignalsStack:
    """The stack that the app's context describes."""
    config = Config.from_context(app.node)
    return SignalsStack(app, config=config, code_version=code_version(Assets.read(config.assets)))


def main() -> None:
    """Write the cloud assembly; no credentials are needed, and no account is asked."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    compose(app)
    app.synth()


if __name__ == "__main__":
    main()
