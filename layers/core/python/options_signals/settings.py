"""Everything a user may choose, with its default: from a YAML file and the environment, frozen.

`SIGNALS_TICKERS='["SPY","QQQ"]'` or `SIGNALS_DECISION__TRADE_UNPROVEN=true` in the environment win over the
file; two underscores step into a section. A key nobody knows is refused, wherever it stands: a misspelt risk
limit must not be silently absent.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.types import StringConstraints

from options_signals.errors import SettingsError

PREFIX = "SIGNALS_"
# Read by the handlers and the command line themselves: where things lie, not how decisions are made.
WIRING = frozenset(
    {
        "SIGNALS_SETTINGS",
        "SIGNALS_HOME",
        "SIGNALS_MARKET_DATA",
        "SIGNALS_LAKE",
        "SIGNALS_TABLE",
        "SIGNALS_TOPIC",
        "SIGNALS_OPERATOR_TOPIC",
        "SIGNALS_BUS",
        "SIGNALS_SOURCE",
        "SIGNALS_NAMESPACE",
    }
)

Ticker = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9.\-]{0,9}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Quality(_Section):
    """When a ticker's data is good enough."""

    min_sessions: int = Field(default=504, ge=280, description="bars a ticker must have, complete, up to the session")
    max_missing_inputs: Share = Field(default=0.1, description="share of a model's inputs that may be unknown")


class Decision(_Section):
    """Floors and switches of the decision; defaults as in docs/decisions.md."""

    trade_unproven: bool = Field(default=False, description="trade a direction without proven skill, at half size")
    min_direction: Share = Field(default=0.55, description="least direction confidence in LOW and HIGH volatility")
    min_direction_normal: Share = Field(default=0.52, description="least direction confidence in NORMAL volatility")
    min_iv: Share = Field(default=0.35, description="least volatility-regime confidence")
    min_overall: Share = Field(default=0.55, description="least overall confidence for half size")
    floor_overall: Share = Field(default=0.45, description="absolute floor of overall confidence")
    full_size_from: Share = Field(default=0.70, description="overall confidence that earns full size")
    direction_weight: Share = Field(default=0.6, description="weight of direction in the overall confidence")
    allow_undefined_risk: bool = Field(default=False, description="allow naked short options")


class Risk(_Section):
    """Money at risk."""

    account_usd: Annotated[float, Field(gt=0)] = Field(default=25_000.0, description="size of the account in USD")
    overlay: Share = Field(default=1.0, description="multiplier on every trade's risk; never above 1")


class Settings(_Section):
    """All settings of one deployment.

    Examples
    --------
    >>> Settings(tickers=("SPY",)).decision.min_iv
    0.35
    """

    tickers: tuple[Ticker, ...] = Field(default=("SPY", "QQQ", "IWM"), min_length=1, description="the watchlist")
    allow_iv_proxy: Mapping[Ticker, str] = Field(
        default_factory=dict,
        description="ticker to volatility index, for tickers without an index of their own",
    )
    model_scope: str = Field(default="ticker", pattern="^(ticker|pooled)$", description="one model per ticker, or one")
    slots: tuple[str, ...] = Field(default=("16:45", "18:45", "20:45"), description="New York times of the runs")
    chunks: int = Field(default=40, ge=1, le=40, description="most chunks of the watchlist that run side by side")
    quality: Quality = Quality()
    decision: Decision = Decision()
    risk: Risk = Risk()

    @property
    def config_id(self) -> str:
        """Twelve hex digits that name these settings: equal ids, equal decisions."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from an optional YAML file, overridden by the environment.

    Raises
    ------
    SettingsError
        For an unreadable file, an unknown key, or a value outside what is allowed; every problem at once.
    """
    environ = os.environ if environ is None else environ
    origin = f"{path or 'defaults'} and the environment"
    values = _merged(_from_file(path) if path else {}, _from_environment(environ))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(origin=origin, problems=tuple(_problem(e) for e in error.errors())) from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(origin=str(path), problems=(f"the file cannot be read as YAML: {error}",)) from error
    if not isinstance(values, dict):
        raise SettingsError(origin=str(path), problems=(f"found a {type(values).__name__}, allowed: key: value lines",))
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in WIRING:
            *sections, key = name.removeprefix(PREFIX).lower().split("__")
            target = values
            for section in sections:
                target = target.setdefault(section, {})
            target[key] = _parsed(text)
    return values


def _parsed(text: str) -> Any:
    """A YAML value, so that lists and mappings can be given; plain text stays text."""
    try:
        return yaml.safe_load(text) if text[:1] in "[{" else text
    except yaml.YAMLError:
        return text


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _problem(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key} is not a setting"
    return f"{key} is {error['input']!r}: {error['msg']}"
