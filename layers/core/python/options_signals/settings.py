"""Everything a user may choose, with its default: from a YAML file and the environment, frozen.

`SIGNALS_TICKERS=SPY,QQQ` or `SIGNALS_DECISION__TRADE_UNPROVEN=true` in the environment win over the file; two
underscores step into a section. A key nobody knows, or one that stands there twice, is refused: a misspelt risk
limit must not be silently absent.
"""

import hashlib
import json
import os
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

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
        "SIGNALS_CODE",
        "SIGNALS_SOURCE",
    }
)

FULL_DAY_CLOSE = "16:00"


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _ticker(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9.\-]{0,9}", text):
        raise ValueError("a ticker in capitals, such as SPY or BRK.B")
    return text


def _slot(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("a New York time such as 16:45")
    return text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names):
        raise ValueError("at least one, and none of them twice")
    return names


def _ascending(slots: tuple[str, ...]) -> tuple[str, ...]:
    if max(slots) < FULL_DAY_CLOSE:
        raise ValueError(f"at least one time from {FULL_DAY_CLOSE} on, when the exchange has closed")
    return tuple(sorted(slots))


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.lower() in {"none", "null"} else value


Ticker = Annotated[str, AfterValidator(_ticker)]
Slot = Annotated[str, AfterValidator(_slot)]
# Indices of which the underlying is known: what the implied volatility can be compared with.
Index = Literal["VIX", "VXN", "RVX", "VXD"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0)]
Switchable = BeforeValidator(_none)  # none, in YAML and the environment, switches a rule off
Rank = Annotated[float, Field(ge=0.0, le=100.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Quality(_Section):
    """When a ticker's data is good enough."""

    min_sessions: int = Field(
        default=504, ge=280, le=504, description="bars a ticker must have, complete, up to the session"
    )
    max_missing_inputs: Share = Field(default=0.1, description="share of a model's inputs that may be unknown")


class Decision(_Section):
    """Floors and switches of the decision; defaults as in docs/decisions.md."""

    strategy: Literal["matrix", "iv_rank_reversion", "five_regimes", "adaptive", "iv_crush"] = Field(
        default="matrix", description="what chooses the structure"
    )
    earnings: Literal["refuse", "leave_before", "iv_crush", "hold"] = Field(
        default="refuse",
        description="what becomes of a trade that would be held over an announcement of earnings: refused, left "
        "before it, left to iv_crush to decide, or held",
    )
    crush_margin: Annotated[float, Field(ge=0.0)] = Field(
        default=0.2, description="share (0.2 = 20 %) by which options must price more than the model's median move"
    )
    crush_structure: Literal["iron_condor", "spread", "naked"] = Field(
        default="iron_condor",
        description="what iv_crush sells; spread needs a trusted direction, naked needs allow_undefined_risk",
    )
    trade_unproven: bool = Field(default=False, description="trade a direction without proven skill, at half size")
    min_direction: Share = Field(default=0.55, description="least direction confidence in LOW and HIGH volatility")
    min_direction_normal: Share = Field(default=0.52, description="least direction confidence in NORMAL volatility")
    min_iv: Share = Field(default=0.35, description="least volatility-regime confidence")
    min_overall: Share = Field(default=0.55, description="least overall confidence for half size")
    floor_overall: Share = Field(default=0.45, description="absolute floor of overall confidence")
    full_size_from: Share = Field(default=0.70, description="overall confidence that earns full size")
    direction_weight: Share = Field(default=0.6, description="weight of direction in the overall confidence")
    allow_undefined_risk: bool = Field(default=False, description="allow naked short options")
    buy_iv_rank: Rank = Field(default=30.0, description="IV rank at and below which iv_rank_reversion buys premium")
    sell_iv_rank: Rank = Field(default=60.0, description="IV rank from which iv_rank_reversion sells premium")
    long_share: Share = Field(default=1.0, description="share of the universe, likeliest up first, that may go long")
    short_share: Share = Field(
        default=1.0, description="share of the universe, likeliest down first, that may go short"
    )
    min_universe: int = Field(default=20, ge=2, description="tickers from which long_share and short_share apply")

    @model_validator(mode="after")
    def _buys_below_where_it_sells(self) -> Self:
        if self.buy_iv_rank >= self.sell_iv_rank:
            raise ValueError(f"buy_iv_rank ({self.buy_iv_rank}) below sell_iv_rank ({self.sell_iv_rank})")
        return self

    @model_validator(mode="after")
    def _naked_only_where_allowed(self) -> Self:
        if self.crush_structure == "naked" and not self.allow_undefined_risk:
            raise ValueError("a crush_structure with a limited loss, or allow_undefined_risk on")
        return self

    @model_validator(mode="after")
    def _half_size_before_full(self) -> Self:
        if self.min_overall > self.full_size_from:
            raise ValueError(f"min_overall ({self.min_overall}) up to full_size_from ({self.full_size_from})")
        return self


class Risk(_Section):
    """Money at risk."""

    account_usd: Positive = Field(default=25_000.0, description="size of the account in USD")
    overlay: Share = Field(default=1.0, description="multiplier on every trade's risk; never above 1")
    target_vol: Annotated[Positive | None, Switchable] = Field(
        default=None, description="volatility (0.15 = 15 %) above which a trade shrinks by target_vol / vol_20"
    )
    kelly_fraction: Annotated[Share | None, Switchable] = Field(
        default=None, description="share of the Kelly bet that a trade may risk; needs a model's view"
    )
    kelly_cap: Share = Field(default=0.02, description="most of the account that the Kelly bet may risk")
    decay: Literal["none", "linear", "exponential"] = Field(
        default="none", description="how a position shrinks while it is held, to nothing at the time exit"
    )


class Tickets(_Section):
    """Which options are good enough to trade, and how a trade is left."""

    enabled: bool = Field(default=True, description="fetch option chains and make a ticket of each signal")
    max_chains: int = Field(
        default=50, ge=1, description="most chains fetched for a session: those of the first tickers of the watchlist"
    )
    min_open_interest: int = Field(default=100, ge=0, description="contracts open in each leg")
    allow_unknown_oi: bool = Field(default=False, description="trade legs whose open interest nobody told")
    max_spread_share: Share = Field(default=0.1, description="most a leg's spread may be of its mid price")
    tolerated_spread_usd: Annotated[float, Field(ge=0)] = Field(
        default=0.05, description="a leg's spread up to which its share does not matter"
    )
    max_delta_miss: Share = Field(default=0.05, description="how far a leg's delta may lie from the one wanted")
    first: Literal["monthly", "weekly"] = Field(default="monthly", description="expiries that are tried first")
    commission_usd: Annotated[float, Field(ge=0)] = Field(default=0.65, description="per contract and leg, USD")
    max_quote_age_minutes: int = Field(default=20, ge=0, description="how old quotes may be at the moment they are for")
    exit_sessions: int = Field(default=5, ge=1, le=30, description="sessions after the entry at which a trade is left")


class Portfolio(_Section):
    """What all trades together may risk, open positions included; see docs/portfolio.md."""

    max_total: Share = Field(default=0.10, description="most of the account at risk at once")
    max_per_underlying: Share = Field(default=0.04, description="most of the account at risk in one underlying")
    max_correlated: Share = Field(default=0.06, description="most of the account at risk in what moves together")
    correlation: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.7,
        description="correlation of daily returns, of either sign, from which two underlyings move together",
    )
    correlation_sessions: int = Field(default=60, ge=20, le=252, description="sessions that correlation is taken over")
    max_drawdown: Annotated[Share, Field(gt=0)] = Field(
        default=0.10, description="loss from the account's peak that stops new trades"
    )
    resume_drawdown: Share = Field(default=0.05, description="loss from the peak at which they are allowed again")
    max_daily_loss: Annotated[Share, Field(gt=0)] = Field(
        default=0.03, description="loss of one session that stops new trades for the evening"
    )
    max_delta: Annotated[Positive | None, Switchable] = Field(
        default=None, description="most dollar delta either way, in accounts (0.5 = half the account in the underlying)"
    )
    max_vega: Annotated[Positive | None, Switchable] = Field(
        default=None, description="most of the account that a point of volatility may move either way (0.005 = 0.5 %)"
    )
    blackout_sessions: int = Field(
        default=1, ge=0, description="sessions after the signal's in which an event of the account file stops a trade"
    )

    @property
    def limits_greeks(self) -> bool:
        """Whether delta or vega is limited."""
        return self.max_delta is not None or self.max_vega is not None

    @model_validator(mode="after")
    def _resumes_below_the_stop(self) -> Self:
        if self.resume_drawdown > self.max_drawdown:
            raise ValueError(f"resume_drawdown ({self.resume_drawdown}) up to max_drawdown ({self.max_drawdown})")
        return self


class Settings(_Section):
    """All settings of one deployment.

    Examples
    --------
    >>> Settings(tickers=("SPY",)).decision.min_iv
    0.35
    """

    tickers: Annotated[tuple[Ticker, ...], BeforeValidator(_listed), AfterValidator(_distinct)] = Field(
        default=("SPY", "QQQ", "IWM"), description="the watchlist"
    )
    allow_iv_proxy: Annotated[Mapping[Ticker, Index], AfterValidator(MappingProxyType), PlainSerializer(dict)] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="ticker to volatility index, for tickers without an index of their own, such as {AAPL: VIX}",
    )
    model_scope: Literal["ticker", "pooled"] = Field(default="ticker", description="one model per ticker, or one")
    slots: Annotated[
        tuple[Slot, ...], BeforeValidator(_listed), AfterValidator(_distinct), AfterValidator(_ascending)
    ] = Field(default=("16:45", "18:45", "20:45"), description="New York times of the runs")
    chunks: int = Field(default=40, ge=1, le=40, description="most chunks of the watchlist that run side by side")
    quality: Quality = Quality()
    decision: Decision = Decision()
    risk: Risk = Risk()
    tickets: Tickets = Tickets()
    portfolio: Portfolio = Portfolio()

    @property
    def config_id(self) -> str:
        """Twelve hex digits that name these settings: equal ids, equal decisions."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class Described(NamedTuple):
    """One setting for people: its key as in the file, its default, and what it means with its unit."""

    key: str
    default: object
    description: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it, such as SIGNALS_DECISION__MIN_IV."""
        return PREFIX + self.key.replace(".", "__").upper()


def describe() -> list[Described]:
    """Every setting, in the order of this file; `decision.min_iv` lies in the section `decision`."""
    return list(_described(Settings(), prefix=""))


def _described(defaults: _Section, *, prefix: str) -> Iterator[Described]:
    plain = defaults.model_dump()
    for name, field in type(defaults).model_fields.items():
        default = getattr(defaults, name)
        if isinstance(default, _Section):
            yield from _described(default, prefix=f"{name}.")
        else:
            yield Described(key=prefix + name, default=plain[name], description=field.description or "")


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from an optional YAML file, overridden by the environment.

    Raises
    ------
    SettingsError
        For an unreadable file, an unknown key, or a value outside what is allowed; every problem at once.
    """
    environ = os.environ if environ is None else environ
    values = _merged(_from_file(path) if path else {}, _from_environment(environ))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        origin = f"{path} and the environment" if path else "the environment"
        problems = tuple(_problem(one, environ) for one in error.errors())
        raise SettingsError(origin=origin, problems=problems) from error


class _Loader(yaml.BaseLoader):
    """Every value as the text that stands there, for Settings to judge: YAML takes 16:45 for 1005 and ON for true."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if names.count(key.value) > 1:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands there twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)


def plain_yaml(text: str) -> Any:
    """Lists and mappings of text, each key once; yaml.YAMLError where it is none."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a BaseLoader makes nothing but text, lists and mappings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = plain_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(origin=str(path), problems=(f"it cannot be read: {_told(error)}",)) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError(origin=str(path), problems=(f"it holds a {type(values).__name__}, allowed: key: value",))
    return values


def _told(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}, {error.problem}"
    return str(error)


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in WIRING:
            value = _parsed(environ[name])
            for part in reversed(name.removeprefix(PREFIX).lower().split("__")):
                value = {part: value}
            values = _merged(values, value)
    return values


def _parsed(text: str) -> Any:
    """A YAML value, so that lists and mappings can be given; plain text stays text."""
    try:
        return plain_yaml(text) if text[:1] in ("[", "{") else text
    except yaml.YAMLError:
        return text


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key, {})
        if not isinstance(value, Mapping):
            merged[key] = value
        elif isinstance(old, Mapping):
            merged[key] = _merged(old, value)
        # else the old text stands where a section belongs, and stays to be refused
    return merged


def _problem(error: Any, environ: Mapping[str, str]) -> str:
    key = _spelt([str(part) for part in error["loc"] if part != "[key]"], environ)
    if error["type"] == "extra_forbidden":
        return f"{key} is not a setting"
    return f"{key} is {error['input']!r}, allowed: {allowed_by(error)}"


_ALLOWED = {"model_type": "settings of its own beneath it", "tuple_type": "a list"}


def allowed_by(error: Any) -> str:
    """What a value should have been, by one of pydantic's errors, in words for the writer of a file."""
    return _ALLOWED.get(error["type"]) or re.sub("^(Value error, |Input should be )", "", error["msg"])


def _spelt(parts: list[str], environ: Mapping[str, str]) -> str:
    """The key as its writer spelt it: the variable, or the file's key with dots."""
    for end in range(len(parts), 0, -1):
        variable = PREFIX + "__".join(parts[:end]).upper()
        if variable in environ:
            return ".".join([variable, *parts[end:]])
    return ".".join(parts)
