"""The account file: what is open, what the account was worth, and days before which no trade is wanted.

```yaml
as_of: 2022-11-22                # the session whose evening it describes
positions:                       # everything open then; what is not listed is not open
  - {ticker: SPY, risk_usd: 250}                                        # most it can still lose
  - {ticker: IWM, risk_usd: 180, delta_usd: 4200, vega_usd: -12}        # Greeks, if known, both
equity:                          # at the close; optional, oldest first
  - {session: 2022-11-21, equity_usd: 25100}
  - {session: 2022-11-22, equity_usd: 26050, flow_usd: 1000}            # of which paid in that day
events:                          # optional
  - {on: 2022-12-14, name: FOMC}
  - {on: 2022-11-30, name: earnings, ticker: CRM}
```

`delta_usd` is the dollar delta: what the position gains, times 100, when its underlying gains 1 %. `vega_usd` is what
it gains per point of volatility.
"""

from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from options_signals.errors import InvalidValueError
from options_signals.settings import Ticker, allowed_by, plain_yaml
from options_signals.strategy.portfolio import EquityPoint, Event, Greeks, Holdings, Position, Session

FORM = "Write it as docs/portfolio.md shows, or remove the file to do without it."


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AccountPosition(_Record):
    """One line of `positions`."""

    ticker: Ticker
    risk_usd: float = Field(ge=0)
    delta_usd: float | None = None
    vega_usd: float | None = None

    @model_validator(mode="after")
    def _both_greeks_or_none(self) -> Self:
        if (self.delta_usd is None) != (self.vega_usd is None):
            raise ValueError("delta_usd and vega_usd: both or neither")
        return self

    def of_account(self, size_usd: float) -> Position:
        """The same in shares of an account of that size."""
        greeks = None
        if self.delta_usd is not None and self.vega_usd is not None:
            greeks = Greeks(delta=self.delta_usd / size_usd, vega=self.vega_usd / size_usd)
        return Position(ticker=self.ticker, risk_share=self.risk_usd / size_usd, assumed=False, greeks=greeks)


def _ascending(equity: tuple[EquityPoint, ...]) -> tuple[EquityPoint, ...]:
    return Holdings(equity=equity).equity


class Account(_Record):
    """The whole file."""

    as_of: Session
    positions: tuple[AccountPosition, ...] = ()
    equity: Annotated[tuple[EquityPoint, ...], AfterValidator(_ascending)] = ()
    events: tuple[Event, ...] = ()

    @model_validator(mode="after")
    def _knows_nothing_later(self) -> Self:
        if self.equity and self.equity[-1].session > self.as_of:
            raise ValueError(f"equity of {self.equity[-1].session}, allowed: up to as_of, {self.as_of}")
        return self


def parse_account(text: str, *, name: str) -> Account:
    """The account that the YAML text describes.

    Raises
    ------
    InvalidValueError
        Naming the first line that is unknown, missing or impossible: nothing of a wrong file is used.
    """
    try:
        return Account.model_validate(plain_yaml(text))
    except yaml.YAMLError as error:
        raise InvalidValueError(name=name, value=str(error), allowed="YAML", remedy=FORM) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise InvalidValueError(
            name=f"{where} in {name}", value=first["input"], allowed=allowed_by(first), remedy=FORM
        ) from error
