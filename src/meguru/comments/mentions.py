"""Mentions: the principals that a text names with ``@``."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from meguru.governance import store as principals

MAX_MENTIONS = 50
# As principals are named. What stands before the "@" keeps addresses and versions (model/delay@3) out.
_MENTION = re.compile(r"(?<![\w./@-])@([a-z0-9][a-z0-9_.-]{0,99})")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


def names_in(text: str) -> list[str]:
    """Return the names that stand after ``@`` in a text in Markdown, each once; code names nobody."""
    found = [each.rstrip("._-") for each in _MENTION.findall(_CODE.sub(" ", text))]
    return list(dict.fromkeys(filter(None, found)))[:MAX_MENTIONS]


def mentioned(tx: Connection, text: str) -> list[str]:
    """Return the principals that a text names, in its order; who may not act here is not among them."""
    found = []
    for name in names_in(text):
        principal = principals.find_principal(tx, name)
        if principal is not None and not principal.disabled:
            found.append(name)
    return found
