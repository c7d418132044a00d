"""A synthesised stack to look at: from packages that stand for the built ones, and in names instead of logical ids."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from infra.config import Config
from infra.stack import SignalsStack

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
STACK = "options-signals-prod"

type Json = Any


def write_assets(folder: Path) -> Path:
    """What the build leaves, as small as can be; `inference` and `providers` only for those who need them."""
    layers = {name: _archive(folder, f"layers/{name}.zip") for name in ("core", "base", "inference", "providers")}
    functions = {
        name: _archive(folder, f"functions/{name}.zip") | {"layers": ["core", "base", *_special(name)]}
        for name in FUNCTIONS
    }
    (folder / "manifest.json").write_text(json.dumps({"layers": layers, "functions": functions}))
    return folder


def _special(function: str) -> list[str]:
    return {"run_inference": ["inference"], "fetch_data": ["providers"]}.get(function, [])


def _archive(folder: Path, name: str) -> dict[str, Json]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("content"), name)
    return {"zip": name, "sha256": name.ljust(64, "0"), "unzipped_bytes": 1}


def context(assets: Path, **changes: Json) -> dict[str, Json]:
    """The context of cdk.json, with these packages and changes."""
    given: dict[str, Json] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return given | {"assets": str(assets), "aws:cdk:enable-path-metadata": True} | changes


def app_with_stack(assets: Path, outdir: Path | None = None, **changes: Json) -> tuple[App, SignalsStack]:
    app = App(context=context(assets, **changes), outdir=None if outdir is None else str(outdir))
    return app, SignalsStack(app, config=Config.from_context(app.node), code_version="a1b2c3d")


def deployed(assets: Path, **changes: Json) -> "Deployed":
    return Deployed(dict(Template.from_stack(app_with_stack(assets, **changes)[1]).to_json()))


@dataclass(frozen=True)
class Deployed:
    """A template whose resources are called by their place in the stack, such as `Lake/Bucket`."""

    template: dict[str, Json]

    def of(self, kind: str) -> dict[str, Json]:
        """Properties of the resources of a type, by name, in plain words."""
        found = self.template["Resources"].items()
        return {self.name(key): self.plain(it.get("Properties", {})) for key, it in found if it["Type"] == kind}

    def the(self, kind: str, name: str) -> dict[str, Json]:
        """Properties of one resource."""
        found: dict[str, Json] = self.of(kind)[name]
        return found

    def attributes(self, kind: str, name: str) -> dict[str, Json]:
        """What stands beside the properties, such as DeletionPolicy."""
        found = self.template["Resources"].items()
        return next(it for key, it in found if it["Type"] == kind and self.name(key) == name)

    def name(self, logical_id: str) -> str:
        path: str = self.template["Resources"][logical_id]["Metadata"]["aws:cdk:path"]
        return path.removeprefix(f"{STACK}/").removesuffix("/Resource")

    def plain(self, value: Json) -> Json:
        """The value with every reference replaced by the name it points to."""
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(target)}:
                return self.name(target) if target in self.template["Resources"] else target
            case {"Fn::GetAtt": [target, _]}:
                return self.name(target)
            case {"Fn::Join": [glue, parts]}:
                return glue.join(self.plain(parts))
        return {key: self.plain(one) for key, one in value.items()}

    def statements(self, role: str) -> list[dict[str, Json]]:
        """What a role may do."""
        found: list[dict[str, Json]] = self.of("AWS::IAM::Policy")[f"{role}/DefaultPolicy"]["PolicyDocument"][
            "Statement"
        ]
        return found

    def grants(self, role: str) -> set[tuple[str, str]]:
        """The same as pairs of action and resource."""
        return {
            (action, resource)
            for statement in self.statements(role)
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        }


def listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
