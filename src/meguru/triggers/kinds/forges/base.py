"""What a sender of hooks promises: a signature, an id for each delivery, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

MAX_PATHS = 100


class HookContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery tells: of which kind it is, and of code its repository, branch, commit and files."""

    event: str
    action: str = ""
    repository: str = ""
    branch: str = ""
    commit: str = ""
    before: str = ""
    sender: str = ""
    paths: list[str] = []
    body: Any = None


class Forge(Protocol):
    """One kind of sender; headers are given in small letters."""

    headers: tuple[str, ...]
    """Those that are kept with a delivery; none of them is a secret."""

    def is_signed(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
        """Tell whether a delivery is of who knows the secret."""
        ...

    def delivery(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the id of a delivery; empty when it has none."""
        ...

    def kind(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the kind of event that a delivery tells of, as far as its headers say."""
        ...

    def read(self, headers: Mapping[str, str], body: bytes) -> HookContent:
        """Return what a delivery tells; InvalidInput when it can't be read."""
        ...


def hmac_sha256(secret: str, body: bytes) -> str:
    """Return the signature of a body, in hexadecimal digits."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_same(given: str, wanted: str) -> bool:
    """Compare two secrets, in a time that does not tell where they differ."""
    # An empty secret would be matched by an empty header.
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def text(value: Any, *path: str) -> str:
    """Return a text within some JSON, of 300 letters at most; empty where there is none."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return str(value)[:300] if isinstance(value, str | int) else ""


def branch_of(ref: str) -> str:
    """Return the branch that a ref names; empty for tags."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def paths_of(body: Any) -> list[str]:
    """Return the files that the commits of a push changed, the first hundred."""
    found: dict[str, None] = {}
    commits = body.get("commits") if isinstance(body, dict) else None
    for commit in commits if isinstance(commits, list) else []:
        for each in ("added", "modified", "removed"):
            named = commit.get(each) if isinstance(commit, dict) else None
            named = named if isinstance(named, list) else []
            found |= dict.fromkeys(path[:300] for path in named if isinstance(path, str))
            if len(found) >= MAX_PATHS:
                return list(found)[:MAX_PATHS]
    return list(found)
