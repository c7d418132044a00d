"""The SMS: one part of the GSM-7 alphabet."""

from collections.abc import Sequence

from options_signals.digest.table import BAD_DAY, Digest, Row
from options_signals.digest.words import MONTHS, REVISED, plural

# 3GPP TS 23.038, the default alphabet and its extension; a character of the extension takes two septets.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
ONE_PART = 160
ROOM = ONE_PART - len("REPEAT ")  # kept free, so that a repeat can be marked as one
DETAILS = "Details by mail. "
TAIL = f"{DETAILS}Not advice."


def write_sms(digest: Digest) -> str:
    """As many tickers as fit, the surest signals first, and how many more there are."""
    mark = "SIMULATED " if digest.simulated else ""
    closed = f" ({digest.half_day})" if digest.half_day else ""
    head = f"{mark}{digest.session.day}{MONTHS[digest.session.month - 1]}{closed}: "
    if digest.bad_day:
        return f"{head}{BAD_DAY}. {TAIL}"
    items = [*([] if digest.signals else ["no signals"]), *(_in_gsm7(_item(row)) for row in digest.rows)]
    texts = (f"{head}{'; '.join(_first(items, count))}. {TAIL}" for count in range(len(items), -1, -1))
    return next(text for text in texts if septets(text) <= ROOM)


def revised_sms(sms: str, *, replaces: str, tickers: Sequence[str]) -> str:
    """The same, marked; the mark is as long as the words it takes the place of, and changes are named if they fit.

    Parameters
    ----------
    replaces
        The 8 characters of a digest's id.
    tickers
        Those whose decision changed.
    """
    named = _in_gsm7(", ".join(tickers)) or "no decision"
    texts = (
        f"{REVISED} {replaces} {sms.replace(DETAILS, words, 1)}"
        for words in (f"Changed: {named}. ", f"Changed: {plural(len(tickers), 'ticker')}. ", "")
    )
    return next(text for text in texts if septets(text) <= ROOM)


def septets(text: str) -> int:
    """Length in GSM-7; a character outside the alphabet counts as more than one part holds."""
    return sum(1 if c in BASIC else 2 if c in EXTENSION else ONE_PART + 1 for c in text)


def _in_gsm7(text: str) -> str:
    return "".join(c if c in BASIC or c in EXTENSION else "?" for c in text)


def _first(items: list[str], count: int) -> list[str]:
    more = len(items) - count
    return [*items[:count], *([f"+{more} more"] if more else [])]


def _item(row: Row) -> str:
    if row.is_signal:
        return f"{row.ticker} {row.call} {row.size} {f'{row.overall:.2f}'.removeprefix('0')}"
    return f"{row.ticker} {'refused' if row.call == 'REFUSED' else 'none'}"
