"""Where the laptop's cloud bends this process for a while, and puts it back: environment, logs, Lambda's calls."""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from moto.awslambda.models import LambdaFunction

LOG = "functions.jsonl"

type Json = Any
# A function's name and event in; the answer as JSON, whether it is an error, and its log out.
type Invoke = Callable[[str, Json], tuple[str, bool, str]]


@contextlib.contextmanager
def opened_log(folder: Path) -> Iterator[TextIO]:
    """Open the functions' log in the folder, to append."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOG).open("a", encoding="utf-8") as log:
        yield log


@contextlib.contextmanager
def quiet(name: str) -> Iterator[None]:
    """Keep a library's own log back: what failed is said once, by the execution or in the digest."""
    library = logging.getLogger(name)
    before, library.propagate = library.propagate, False
    library.addHandler(silent := logging.NullHandler())
    try:
        yield
    finally:
        library.removeHandler(silent)
        library.propagate = before


@contextlib.contextmanager
def logging_to(log: TextIO, *, service: str) -> Iterator[None]:
    """Keep the functions' structured lines and metrics out of the terminal: Lambda writes both to its log."""
    handlers = [h for h in logging.getLogger(service).handlers if isinstance(h, logging.StreamHandler)]
    for handler in handlers:
        handler.stream = log
    try:
        with contextlib.redirect_stdout(log):
            yield
    finally:
        for handler in handlers:
            handler.stream = sys.__stdout__


@contextlib.contextmanager
def routed_to(invoke: Invoke) -> Iterator[None]:
    """Let moto's Lambda call handlers here instead of starting a container."""
    original = LambdaFunction._invoke_lambda  # noqa: SLF001 - moto offers no public seam

    def routed(function: LambdaFunction, event: Json = None) -> tuple[str, bool, str]:
        return invoke(function.function_name, json.loads(event) if isinstance(event, str) else event or {})

    LambdaFunction._invoke_lambda = routed  # noqa: SLF001
    try:
        yield
    finally:
        LambdaFunction._invoke_lambda = original  # noqa: SLF001


@contextlib.contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set these variables, and give back the old ones."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old
