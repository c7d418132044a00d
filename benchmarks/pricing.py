"""Speed of implied volatility and Greeks beside py_vollib_vectorized, in one run on one thread.

    python -m benchmarks.pricing [--options 100000] [--rounds 15]

Both sides get the same options as arrays of spot, strike, years, rate, yield, volatility and side; turning them into
forwards is part of the time. The two are timed in turn, round by round, so that a busy machine slows both, and in
processor time, so that waiting for a turn on it does not count.
"""

import argparse
import os
import platform
from collections.abc import Callable
from importlib import import_module
from statistics import median
from time import process_time
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from options_signals.pricing.black_scholes import bsm_greeks, bsm_price
from options_signals.pricing.implied import Reason, implied_volatility

type Work = Callable[[], Any]


def peer() -> ModuleType:
    """py_vollib_vectorized with the helpers that it expects compiled.

    Its release 0.1.1 calls functions of py_lets_be_rational from compiled code. Since release 1.1 these are plain
    Python unless an environment variable asks for numba, and two packages split off from it (cody_special,
    piecewise_rational) are plain Python always, which numba refuses. So they are compiled before it is imported.
    """
    os.environ["PY_LETS_BE_RATIONAL_ENABLE_NUMBA"] = "1"
    os.environ["NUMBA_NUM_THREADS"] = "1"  # numpy's elementwise functions use one thread anyway
    error_function = _compiled(import_module("cody_special.erf_cody"))
    _share(error_function, import_module("cody_special.normaldistribution"))
    normal = _compiled(import_module("cody_special.normaldistribution"))
    cubic = _compiled(import_module("piecewise_rational.rationalcubic"))
    for package, part in (("cody_special", error_function), ("cody_special", normal), ("piecewise_rational", cubic)):
        _share(part, import_module(package))
    return import_module("py_vollib_vectorized")


def _compiled(module: ModuleType) -> ModuleType:
    njit = import_module("numba").njit
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            setattr(module, name, njit(value))
    return module


def _share(source: ModuleType, target: ModuleType) -> None:
    """Give the target module the source's version of every function that both name."""
    for name in vars(source).keys() & vars(target).keys():
        if callable(getattr(source, name)):
            setattr(target, name, getattr(source, name))


def contracts(count: int) -> dict[str, Any]:
    """Out-of-the-money options of an ordinary chain, whose prices carry the volatility."""
    random = np.random.default_rng(5)
    years, volatility = random.uniform(0.02, 2.0, count), random.uniform(0.10, 0.80, count)
    strike = 100 * np.exp(random.uniform(-2.0, 2.0, count) * volatility * np.sqrt(years))
    return {
        "spot": np.full(count, 100.0),
        "strike": strike,
        "years": years,
        "rate": np.full(count, 0.03),
        "dividend_yield": np.full(count, 0.01),
        "volatility": volatility,
        "is_call": strike >= 100,
    }


def our_volatility(price: Any, c: dict[str, Any]) -> Any:
    return implied_volatility(
        price=price,
        forward=c["spot"] * np.exp((c["rate"] - c["dividend_yield"]) * c["years"]),
        strike=c["strike"],
        years=c["years"],
        discount=np.exp(-c["rate"] * c["years"]),
        is_call=c["is_call"],
    )


def time_in_turn(ours: Work, theirs: Work, *, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round; the first call of each, which compiles, is not counted."""
    ours(), theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, taken in zip((ours, theirs), times, strict=True):
            start = process_time()
            work()
            taken.append(1e3 * (process_time() - start))
    return times


def report(name: str, ours: list[float], theirs: list[float], *, least: float) -> None:
    ratios = sorted(their / our for our, their in zip(ours, theirs, strict=True))
    print(f"{name}: py_vollib_vectorized takes {median(ratios):.1f} times as long (wanted: {least} or more)")
    for who, times in (("ours", ours), ("py_vollib_vectorized", theirs)):
        print(f"  {who:<22} median {median(times):8.2f} ms   {min(times):8.2f} .. {max(times):8.2f}")
    print(f"  ratio, round by round  median {median(ratios):8.1f}      {ratios[0]:8.1f} .. {ratios[-1]:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Implied volatility and Greeks beside py_vollib_vectorized.")
    parser.add_argument("--options", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    vollib = peer()
    c = contracts(arguments.options)
    flags = np.where(c["is_call"], 1, -1)  # cheaper for the peer than "c" and "p"
    price = bsm_price(**c)
    market = (c["spot"], c["strike"], c["years"], c["rate"])

    def their_volatility() -> Any:
        return vollib.vectorized_implied_volatility(
            price,
            *market,
            flags,
            q=c["dividend_yield"],
            model="black_scholes_merton",
            on_error="ignore",
            return_as="numpy",
        )

    def their_greeks() -> Any:
        return vollib.get_all_greeks(
            flags, *market, c["volatility"], c["dividend_yield"], model="black_scholes_merton", return_as="dict"
        )

    print(f"{arguments.options} options, {arguments.rounds} rounds, one thread, {platform.machine()}")
    times = time_in_turn(lambda: our_volatility(price, c), their_volatility, rounds=arguments.rounds)
    report("implied volatility", *times, least=1.5)
    ours = our_volatility(price, c)
    assert (ours.reason == Reason.FOUND).all()
    for who, volatility in (("ours", ours.volatility), ("py_vollib_vectorized", their_volatility())):
        print(f"  {who:<22} largest error {np.max(np.abs(volatility - c['volatility'])):.1e}")
    times = time_in_turn(lambda: bsm_greeks(**c), their_greeks, rounds=arguments.rounds)
    report("Greeks (ours: 6 analytical; theirs: 5 numerical)", *times, least=15)


if __name__ == "__main__":
    main()
