"""How fast the features are, beside the library `ta` and bare TA-Lib calls, in one run.

```text
python -m benchmarks.features
```

Every figure is the median of repeated pairs with the smallest and the largest; ratios are taken pair by pair. Time is
processor time on one core, so that waiting for a turn on a busy machine does not count (a busy neighbour still slows
memory). Bars are real where the market data folder is there (SIGNALS_MARKET_DATA), simulated otherwise.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import ta
import talib
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.features.catalog import Group
from options_signals.features.inputs import columns_for, feature_table

FOLDER = Path(__file__).parents[1] / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")
TEN_YEARS, FIVE_YEARS = 2520, 1259
PAIRS = 15
PRICE_INPUTS = {f"{basis}{name}" for basis in ("", "traded_") for name in ("open", "high", "low", "close")} | {"volume"}
PRICE_FEATURES = [name for name in catalog.names() if set(catalog.inputs_of([name])) <= PRICE_INPUTS]
ONE_TICKER = [*catalog.names(Group.TECHNICAL), *catalog.names(Group.IV), *catalog.names(Group.IV_MODEL)]
FROM_TALIB = ["sma_20", "ema_12", "rsi_14", "macd", "bb_upper", "atr_14", "adx_14", "roc_10", "mfi", "cci_20"]


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"processor time on one core; {PAIRS} pairs; median (smallest .. largest)")
    universe()
    one_ticker()


def universe() -> None:
    """All price features of some 500 tickers over five years, every result kept."""
    bars, kind = universe_bars()
    tickers = bars["ticker"].nunique()
    seconds = [timed(lambda: universe_features(bars)) for _ in range(3)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{tickers} tickers x 5 years ({kind}, {len(bars):,} rows), {len(PRICE_FEATURES)} price features")
    print(f"  time        {spread(seconds, 's')}   (target: under 3 s)")
    print(f"  peak memory {peak:.0f} MiB with all results kept   (target: under 1024 MiB)")


def universe_features(bars: pd.DataFrame) -> list[pd.DataFrame]:
    by_ticker = bars.groupby("ticker", sort=False)
    return [feature_table(columns_for(str(name), bars=own), PRICE_FEATURES) for name, own in by_ticker]


def one_ticker() -> None:
    """All technical and implied-volatility features of one ticker, beside `ta` and beside bare TA-Lib."""
    columns, kind = ten_years()
    frame = pd.DataFrame({name: columns[name] for name in ("high", "low", "close", "volume")})
    bare = {name: columns[name] for name in ("high", "low", "close", "volume")}
    print(f"\none ticker x 10 years ({kind})")
    compare(
        f"{len(ONE_TICKER)} technical and iv features",
        lambda: catalog.compute(ONE_TICKER, columns),
        "`ta`, ten indicators",
        lambda: with_ta(frame),
        target="at most 0.125",
    )
    compare(
        f"{len(FROM_TALIB)} features from TA-Lib",
        lambda: catalog.compute(FROM_TALIB, columns),
        "bare TA-Lib calls",
        lambda: with_talib(**bare),
        target="at most 3",
    )


def with_ta(bars: pd.DataFrame) -> list[pd.Series]:
    high, low, close, volume = bars["high"], bars["low"], bars["close"], bars["volume"]
    macd, bands = ta.trend.MACD(close), ta.volatility.BollingerBands(close)
    return [
        ta.trend.SMAIndicator(close, 20).sma_indicator(),
        ta.trend.EMAIndicator(close, 12).ema_indicator(),
        ta.momentum.RSIIndicator(close, 14).rsi(),
        macd.macd(),
        macd.macd_signal(),
        macd.macd_diff(),
        bands.bollinger_hband(),
        bands.bollinger_lband(),
        ta.volatility.AverageTrueRange(high, low, close, 14).average_true_range(),
        ta.trend.ADXIndicator(high, low, close, 14).adx(),
        ta.momentum.ROCIndicator(close, 10).roc(),
        ta.volume.MFIIndicator(high, low, close, volume, 14).money_flow_index(),
        ta.volume.OnBalanceVolumeIndicator(close, volume).on_balance_volume(),
    ]


def with_talib(*, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> list[FloatArray]:
    return [
        talib.SMA(close, 20),
        talib.EMA(close, 12),
        talib.RSI(close, 14),
        talib.MACD(close, 12, 26, 9)[0],
        talib.BBANDS(close, 20, 2.0, 2.0)[0],
        talib.ATR(high, low, close, 14),
        talib.ADX(high, low, close, 14),
        talib.ROC(close, 10),
        talib.MFI(high, low, close, volume, 14),
        talib.CCI(high, low, close, 20),
    ]


def compare(
    ours_name: str, ours: Callable[[], object], peer_name: str, peer: Callable[[], object], *, target: str
) -> None:
    ours(), peer()
    pairs = [(timed(ours) * 1e3, timed(peer) * 1e3) for _ in range(PAIRS)]
    print(f"  {ours_name:34} {spread([mine for mine, _ in pairs], 'ms')}")
    print(f"  {peer_name:34} {spread([other for _, other in pairs], 'ms')}")
    print(f"  {'ratio':34} {spread([mine / other for mine, other in pairs], '')}  (target: {target})")


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def spread(values: Sequence[float], unit: str) -> str:
    return f"{statistics.median(values):8.3f} {unit} ({min(values):.3f} .. {max(values):.3f})"


def universe_bars() -> tuple[pd.DataFrame, str]:
    path = FOLDER / "universe" / "sp500_daily.parquet"
    if not path.exists():
        print(f"no {path.name} in the market data folder: simulated bars instead")
        tickers = [simulated(f"T{number:03}", FIVE_YEARS, seed=number) for number in range(501)]
        return pd.concat(tickers, ignore_index=True), "simulated"
    bars = pd.read_parquet(path).rename(columns={"symbol": "ticker", "date": "session"})
    return bars.assign(session=pd.to_datetime(bars["session"])), "market data"


def ten_years() -> tuple[dict[str, FloatArray], str]:
    if FOLDER.is_dir():
        bars = pd.read_parquet(FOLDER / "prices" / "SPY.parquet").tail(TEN_YEARS).assign(ticker="SPY")
        indices = [
            pd.read_parquet(FOLDER / "vol_indices" / f"{name}.parquet").assign(index=name) for name in ("VIX", "VIX3M")
        ]
        kind = "market data"
    else:
        bars = simulated("SPY", TEN_YEARS, seed=1).rename(columns={"session": "date"})
        indices = [bars.assign(index=name).drop(columns="ticker") for name in ("VIX", "VIX3M")]
        kind = "simulated"
    bars, vol_indices = dated(bars), dated(pd.concat(indices))
    return dict(columns_for("SPY", bars=bars, vol_indices=vol_indices).arrays), kind


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(session=pd.to_datetime(frame["date"])).drop(columns="date")


def simulated(ticker: str, sessions: int, *, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(rng.normal(0.0, 0.01, sessions).cumsum())
    open_ = close * np.exp(rng.normal(0.0, 0.005, sessions))
    return pd.DataFrame(
        {
            "ticker": ticker,
            "session": pd.bdate_range("2015-01-02", periods=sessions),
            "open": open_,
            "high": np.maximum(open_, close) * np.exp(rng.exponential(0.004, sessions)),
            "low": np.minimum(open_, close) * np.exp(-rng.exponential(0.004, sessions)),
            "close": close,
            "volume": rng.lognormal(15.0, 0.4, sessions).round(),
        }
    )


if __name__ == "__main__":
    main()
