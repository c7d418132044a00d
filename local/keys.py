"""The keys of data providers in the user's account."""

import getpass
import sys

from options_signals.adapters.keys import VARIABLES, ParameterKeys, folder_of
from options_signals.errors import InvalidValueError

from local.account import Account


def set_key(account: Account, name: str) -> str:
    """Store a key that is typed unseen, or piped in; answer where."""
    _known(name)
    key = _typed(name)
    if not key:
        raise InvalidValueError(name=f"key of {name}", value=None, allowed="some text, typed or piped in")
    _keys(account).put(name, key)
    return f"stored, encrypted: {folder_of(account.stage)}/{name}. The source `live` reads it from the next run on."


def list_keys(account: Account) -> str:
    """One line per provider that takes a key; no key is read."""
    stored = _keys(account).stored()
    return "\n".join(f"{name:<8} {'stored' if name in stored else '-'}" for name in sorted(VARIABLES))


def remove_key(account: Account, name: str) -> str:
    """Delete a key; answer whether there was any."""
    _known(name)
    return f"{name}: {'removed' if _keys(account).remove(name) else 'there was none'}"


def _keys(account: Account) -> ParameterKeys:
    return ParameterKeys(folder_of(account.stage), client=account.client("ssm"))


def _typed(name: str) -> str:
    asked = getpass.getpass(f"key of {name} (not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    return asked.strip()


def _known(name: str) -> None:
    if name not in VARIABLES:
        raise InvalidValueError(name="provider", value=name, allowed=", ".join(sorted(VARIABLES)))
