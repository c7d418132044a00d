"""From the laptop's registry into the deployed one: what was trained here is served there."""

import datetime as dt

from options_signals.adapters.s3 import S3Store
from options_signals.errors import InvalidValueError, ModelMismatchError, NotFoundError
from options_signals.lake import ObjectStore
from options_signals.models import registry
from options_signals.models.bundle import GRAPH, load
from options_signals.models.registry import Version

from local.account import Account

WORLD = "market"  # models of the simulated market never leave the laptop


def deployed_store(account: Account) -> S3Store:
    """The lake of the deployed stage."""
    return S3Store(account.outputs["LakeBucket"], client=account.client("s3"))


def check_destination(account: Account, source: str) -> None:
    """Raise where models trained on that source could not be uploaded to that account."""
    if source.startswith("simulated"):
        raise InvalidValueError(name="source", value=source, allowed="with --upload, a source of the market")
    deployed_store(account)


def upload_models(here: ObjectStore, there: ObjectStore, *, when: dt.datetime) -> list[str]:
    """Copy every bundle, check each where it now lies, and serve there what is served here; one line per bundle.

    A version that is there already stays as it is, and so does what was served there before, for a rollback.

    Raises
    ------
    NotFoundError
        Where nothing is trained.
    ModelMismatchError
        Where a bundle is damaged, here or after the way.
    """
    found = registry.versions(here, WORLD)
    if not found:
        remedy = "`signals train-all` trains them; those of the simulated market are not uploaded."
        raise NotFoundError(what=f"model of the {WORLD}", where=here.where("models"), remedy=remedy)
    return [_upload(version, here, there, when) for version in found]


def _upload(version: Version, here: ObjectStore, there: ObjectStore, when: dt.datetime) -> str:
    card, ref = version.card, version.ref
    copied = registry.publish(there, card, here.get(f"{ref.prefix}/{GRAPH}"))
    if load(there, copied).card.model_copy(update={"trained_at": card.trained_at}) != card:
        raise ModelMismatchError(model=f"{ref.prefix}", check="upload", expected="this card", found="another one there")
    if version.champion:
        registry.promote(there, copied, when=when)
    return f"{card.name} for {card.scope}: {card.version}{', served' if version.champion else ''}"
