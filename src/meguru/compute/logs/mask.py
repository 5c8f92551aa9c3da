"""Secrets are taken out of what steps print before it is kept."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from meguru.compute.logs.lines import MAX_LINE, TimedLine
from meguru.errors import masked

SHOWN = "***"
_NAMES = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|APIKEY|AUTH|(?:^|_)(?:KEY|DSN|PWD)(?:_|$)")
_HARMLESS = re.compile(r"(?:true|false|none|null|yes|no|\d{1,8}|/[\w./-]*)", re.IGNORECASE)
_MIN_LENGTH = 6
"""Of a value that is masked wherever it stands: a shorter one would blacken parts of other words."""
_VALUE = r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s\"'&,;]+)"
_ASSIGNED = (
    re.compile(
        r"((?:passw(?:or)?d|passphrase|secret)[\w-]{0,20}[\"']?[ \t]*[=:][ \t]*)" + _VALUE, re.IGNORECASE
    ),
    re.compile(
        r"((?:token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|credentials?)"
        r"[\"']?[ \t]*[=:][ \t]*)(?!\d+(?:\.\d+)?\b)" + _VALUE,
        re.IGNORECASE,
    ),
)
_WORDS = ("passw", "passphrase", "secret", "token", "key", "credential")
_SIGNS = (
    rb"://|pass[wp]|secret|token|key|credential|authoriz|bearer|"
    rb"mgr_|h[pousr]_|github_|glpat-|hf_|sk-|xox|akia|asia|eyj"
)
"""Without one of these in its small letters, a text has no secret that is not known."""
MAX_MASKED_BYTES = 1 << 20
"""More bytes at once are masked later, when they are read."""
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


class Masker:
    """Masks the secrets that are known, and what looks like one; one for each log, read in order.

    Known are the values of environment variables whose names say that they are secret. What looks like
    one: passwords in URLs, tokens of known make, ``Authorization`` headers, ``password=…``, private keys.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spelled = {form for secret in secrets for form in _forms(secret)}
        words = sorted(spelled, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, words))) if words else None
        known = [re.escape(word.encode(errors="surrogateescape").lower()) for word in words]
        self._signs = re.compile(b"|".join([_SIGNS, *known]))
        self.in_key = False

    def fresh(self) -> Masker:
        """Return one for another log, without the work of making it."""
        made = copy.copy(self)
        made.in_key = False
        return made

    def bytes(self, data: bytes) -> bytes:
        """Return what is about to be written without secrets; quick where there are none."""
        if len(data) > MAX_MASKED_BYTES or self._signs.search(data.lower()) is None:
            return data
        text = data.decode(errors="surrogateescape")
        hidden = self.text(text)
        return data if hidden == text else hidden.encode(errors="surrogateescape")

    def text(self, text: str) -> str:
        """Return a text of one or many lines without secrets; the number of lines stays."""
        if self._known is not None:
            text = self._known.sub(SHOWN, text)
        text = masked(text)
        lower = text.lower()
        if any(word in lower for word in _WORDS):
            for pattern in _ASSIGNED:
                text = pattern.sub(r"\1" + SHOWN, text)
        return text

    def lines(self, lines: list[TimedLine]) -> list[TimedLine]:
        """Return lines without secrets, cut to their greatest length."""
        if not lines:
            return []
        texts = self.text("\n".join(line[2] for line in lines)).split("\n")
        return [
            (
                at,
                stream,
                text
                if not self.in_key and len(text) <= MAX_LINE and "-----" not in text
                else self._odd(text),
            )
            for (at, stream, _), text in zip(lines, texts, strict=True)
        ]

    def _odd(self, text: str) -> str:
        text = self._key(text)
        return text if len(text) <= MAX_LINE else text[:MAX_LINE] + "…"

    def _key(self, text: str) -> str:
        if "-----" not in text:
            return SHOWN if self.in_key else text
        if self.in_key:
            self.in_key = _KEY_ENDS.search(text) is None
            return SHOWN
        found = _KEY_BEGINS.search(text)
        if found is None:
            return text
        self.in_key = _KEY_ENDS.search(text, found.end()) is None
        return text[: found.start()] + SHOWN


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Return the values of the variables whose names say that they are secret."""
    return sorted(
        {
            value
            for name, value in environment.items()
            if _NAMES.search(name.upper()) and len(value) >= _MIN_LENGTH and not _HARMLESS.fullmatch(value)
        }
    )


def _forms(secret: str) -> set[str]:
    forms = {secret, quote(secret, safe=""), repr(secret)[1:-1]}
    forms |= {base64.b64encode(secret.encode(errors="surrogateescape")).decode()}
    forms |= {line for line in secret.split("\n") if len(line.strip()) >= _MIN_LENGTH}
    return {form for form in forms if "\n" not in form}
