"""The email: plain text that reads in 20 seconds, bounded in size."""

import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from options_signals.digest.table import Digest, Row
from options_signals.digest.words import plural

WIDTH = 74
INDENT = "     "
RULE = "-" * WIDTH
# SNS takes 256 KB and bills in pieces of 64 KB; one piece holds this email, the SMS and the JSON around them.
LIMIT = 60_000
MOST_SINGLY = 20  # refusals shown one by one; more are grouped by their reason
MARK_ROOM = len("REPEAT · ")  # a repeat is marked in the first line, which must not grow beyond the width
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
REMEDY = "What to do: nothing; the next session starts afresh. `signals doctor` shows the sources."


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    tickers: int


def write_mail(digest: Digest) -> str:
    """The whole text; from the end, whole blocks are left out until it fits `LIMIT`, and their tickers counted."""
    remedy = [REMEDY] if digest.bad_day else []
    head = "\n".join([*_title(digest), RULE])
    foot = "\n".join([RULE, *(wrapped(note) for note in (*remedy, *digest.notes))])
    body = _bounded(
        list(_signal_blocks(digest.rows)),
        list(_refusal_blocks(digest.rows)),
        room=LIMIT - weight(head) - weight(foot),
    )
    return "\n".join([head, *body, foot]) + "\n"


def weight(text: str) -> int:
    """Bytes of the text inside a JSON document, where each character beyond ASCII is escaped."""
    return len(json.dumps(text))


def _title(digest: Digest) -> list[str]:
    line = f"{digest.title} · {digest.outcome}"
    return [line] if len(line) <= WIDTH - MARK_ROOM else [digest.title, digest.outcome]


def _bounded(signals: list[_Block], refusals: list[_Block], *, room: int) -> list[str]:
    """The blocks that fit, and a count of the rest; refusals, being short, keep up to a quarter of the room."""
    room -= weight(_left_out([*signals, *refusals]))
    kept = _fitting(signals, room - min(_total(refusals), room // 4))
    also = _fitting(refusals, room - _total(kept))
    dropped = [*signals[len(kept) :], *refusals[len(also) :]]
    return [*(block.text for block in (*kept, *also)), *([_left_out(dropped)] if dropped else [])]


def _total(blocks: Sequence[_Block]) -> int:
    return sum(weight(block.text) for block in blocks)


def _fitting(blocks: Sequence[_Block], room: int) -> list[_Block]:
    kept = []
    for block in blocks:
        room -= weight(block.text)
        if room < 0:
            break
        kept.append(block)
    return kept


def _left_out(blocks: Sequence[_Block]) -> str:
    count = sum(block.tickers for block in blocks)
    return f"… {plural(count, 'more ticker')} left out of this mail; `signals history` lists them all"


def wrapped(text: str) -> str:
    """In lines of the email's width, all but the first indented."""
    return textwrap.fill(text, WIDTH, subsequent_indent=INDENT, break_on_hyphens=False)


def _indented(text: str) -> str:
    return textwrap.indent(textwrap.fill(text, WIDTH - len(INDENT), break_on_hyphens=False), INDENT)


def _signal_blocks(rows: Iterable[Row]) -> Iterable[_Block]:
    for row in rows:
        if row.is_signal:
            head = f"{row.ticker:<4} {row.call:<18} {row.size + ' size':<12} confidence {row.confidence}"
            picture = [INDENT + row.picture] if row.picture else []  # unbroken: a link is one word
            yield _Block("\n".join([head, *(_indented(line) for line in row.lines), *picture]), 1)


def _refusal_blocks(rows: Iterable[Row]) -> Iterable[_Block]:
    refused = [row for row in rows if not row.is_signal]
    if len(refused) <= MOST_SINGLY:
        yield from (_Block(_refusal(row), 1) for row in refused)
        return
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in refused:
        groups.setdefault((row.call, row.lean, _kind_of_reason(row)), []).append(row)
    for group in sorted(groups.values(), key=len, reverse=True):
        yield _Block(_group(group), len(group))


def _refusal(row: Row) -> str:
    lean = f" (leans {row.lean})" if row.lean else ""
    return wrapped(f"{row.ticker:<4} {row.call:<18} {'; '.join(row.lines)}{lean}")


def _kind_of_reason(row: Row) -> str:
    """The first reason without its numbers and its ticker: equal for all that were refused for the same thing."""
    without_ticker = re.sub(rf"\b{re.escape(row.ticker)}\b", "#", row.lines[0])
    return NUMBER.sub("#", without_ticker)


def _group(rows: Sequence[Row]) -> str:
    first = rows[0]
    lean = f", leaning {first.lean}" if first.lean else ""
    head = wrapped(f"{first.call}  {plural(len(rows), 'ticker')}{lean}; such as {first.ticker}: {first.lines[0]}")
    return f"{head}\n{_indented(', '.join(row.ticker for row in rows))}"
