"""The mark of a revision: which digest it replaces, and what changed against it."""

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from options_signals.digest.mail import wrapped
from options_signals.digest.words import MOST_CHANGES, REPEAT, REVISED, clean, listed
from options_signals.lake import canonical_json
from options_signals.signals import NoTrade, Signal

LONGEST_SUBJECT = 99 - len(f"{REPEAT} ")
HALF_DAY = re.compile(r" closed \d\d:\d\d ET")


class Revision(BaseModel):
    """What a later digest of a session replaces.

    Attributes
    ----------
    replaces
        Id of the last digest that was sent; of the newest one where none was.
    sent
        Whether readers have that one.
    changes
        By ticker how its decision differs, as in "was NO TRADE"; empty where all are the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replaces: str
    sent: bool
    changes: Mapping[str, str]


def changes_between(before: Sequence[Signal | NoTrade], after: Sequence[Signal | NoTrade]) -> dict[str, str]:
    """By ticker how its decision differs from the one before; another reason or number is a difference too.

    Numbers count to 10 digits, which is what a stored decision keeps.
    """
    old, new = ({one.ticker: one for one in side} for side in (before, after))
    gone = {ticker: "is gone" for ticker in old if ticker not in new}
    compared = {ticker: _change(old.get(ticker), one) for ticker, one in new.items()}
    return {ticker: how for ticker, how in compared.items() if how} | gone


def _change(before: Signal | NoTrade | None, after: Signal | NoTrade) -> str | None:
    if before is None:
        return "is new"
    if before.in_brief != after.in_brief:
        return f"was {before.in_brief}"
    same = canonical_json(before.model_dump(mode="json")) == canonical_json(after.model_dump(mode="json"))
    return None if same else "in its figures or reasons"


def revised_mail(email: str, revision: Revision) -> str:
    """The same text below two statements."""
    unsent = "" if revision.sent else ", which was never sent"
    changes = [f"{clean(ticker)} {clean(how)}" for ticker, how in revision.changes.items()]
    told = f"changed against it: {listed(changes, MOST_CHANGES) or 'no decision'}"
    return f"{REVISED} · replaces digest {revision.replaces}{unsent}\n{wrapped(told)}\n{email}"


def revised_subject(subject: str) -> str:
    """Marked; where it would be too long to be marked as a repeat too, the email alone says that it was a half day."""
    marked = f"{REVISED} {subject}"
    return marked if len(marked) <= LONGEST_SUBJECT else HALF_DAY.sub("", marked)
