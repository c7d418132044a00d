"""The words: one session's email, SMS and terminal text.

Everything is said from the manifest, the decisions, the pinned holdings and the pictures that are there, so that a
replay says it again to the letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from options_signals.digest.mail import write_mail
from options_signals.digest.revision import Revision, revised_mail, revised_subject
from options_signals.digest.sms import revised_sms, write_sms
from options_signals.digest.table import Digest, Row, tabulate
from options_signals.digest.words import REPEAT, clean
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.portfolio import Holdings

__all__ = ["REPEAT", "Digest", "Revision", "Row", "Texts", "compose", "mark_repeat", "mark_revised", "tabulate"]

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One digest in the forms in which it is sent.

    Attributes
    ----------
    subject
        ASCII, below 100 characters, one line.
    email
        Plain text; at most `mail.LIMIT` bytes as a JSON string.
    sms
        At most 160 septets of the GSM-7 alphabet: one part.
    """

    subject: str
    email: str
    sms: str


def compose(
    manifest: Manifest,
    decisions: Sequence[Signal | NoTrade],
    holdings: Holdings,
    *,
    unpictured: Mapping[str, str] = NONE,
) -> Texts:
    """The texts of one session.

    Parameters
    ----------
    decisions
        One per ticker, in any order. A ticker of the watchlist without one is shown as refused.
    holdings
        What the portfolio's rules knew to be open.
    unpictured
        By ticker why its ticket has no picture.

    Raises
    ------
    InvalidValueError
        For a decision of another session, or two on one ticker.
    """
    digest = tabulate(manifest, decisions, holdings, unpictured=unpictured)
    return Texts(subject=digest.subject, email=write_mail(digest), sms=write_sms(digest))


def mark_revised(texts: Texts, revision: Revision) -> Texts:
    """The same texts as those of a later digest of the session, before they are stored."""
    return Texts(
        subject=revised_subject(texts.subject),
        email=revised_mail(texts.email, revision),
        sms=revised_sms(texts.sms, replaces=revision.replaces, tickers=list(revision.changes)),
    )


def mark_repeat(texts: Texts, message_id: str) -> Texts:
    """The same texts for a second sending, after a first one of unknown outcome. Marking twice changes nothing."""
    if texts.subject.startswith(REPEAT):
        return texts
    first_line, rest = texts.email.split("\n", 1)
    notice = f"message {clean(message_id)} again: nobody knows whether its first sending arrived"
    return replace(
        texts,
        subject=f"{REPEAT} {texts.subject}",
        email=f"{REPEAT} · {first_line}\n{notice}\n{rest}",
        sms=f"{REPEAT} {texts.sms}",
    )
