"""Hand-made rows of announcements."""

import numpy as np
import pandas as pd
from options_signals.sessions import all_sessions

from training.move_forecasters import FEATURES

FIRST_POSITION = 7000


def world(*, seed: int = 1, sessions: int = 300, a_day: int = 3) -> pd.DataFrame:
    """Announcements whose moves are exponential around twice the ATR; nothing else knows of them."""
    generator = np.random.default_rng(seed)
    count = sessions * a_day
    position = np.repeat(np.arange(FIRST_POSITION, FIRST_POSITION + sessions), a_day)
    noise = {name: generator.uniform(0.01, 0.06, count) for name in FEATURES}
    atr = generator.uniform(0.005, 0.06, count)
    days = all_sessions()
    return pd.DataFrame(
        noise
        | {
            "ticker": [f"T{number % 50}" for number in range(count)],
            "position": position,
            "session": days[position],
            "reaction": days[position + 2],
            "earnings_move_count_8q": 4.0,
            "atr_pct_20": atr,
            "move": generator.exponential(2.0 * atr),
        }
    )
