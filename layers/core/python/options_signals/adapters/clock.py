"""The machine's clock."""

import datetime as dt
import time


class SystemClock:
    """Fulfils the jobs' Clock."""

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return dt.datetime.now(dt.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
