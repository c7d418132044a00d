"""Manifests that say nothing but what a test is about."""

import datetime as dt
from typing import Any

from options_signals import sessions
from options_signals.snapshot import Manifest


def bare_manifest(namespace: str, session: dt.date, **changes: Any) -> Manifest:
    """Of a first attempt, committed on the evening, without tickers, models and tables unless they are given."""
    values: dict[str, Any] = {
        "namespace": namespace,
        "session": session,
        "attempt": 1,
        "created_at": dt.datetime.combine(session, dt.time(22), dt.UTC),
        "tables": {},
        "verdicts": {},
        "models": (),
        "settings": {},
        "config_id": "0",
        "code_version": "test",
        "previous_session": sessions.shift(session, -1),
        "previous": {},
    }
    return Manifest(**values | changes)
