"""What the lineage operations answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class LineageEdge(msgspec.Struct, frozen=True, kw_only=True):
    """`source` was used to make `target`, as event number `event_seq` tells.

    It is `claimed` if the event only repeats what a client said; otherwise the operation that made the target
    wrote it.
    """

    source: str
    target: str
    event_seq: int
    claimed: bool = False


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the graph around one reference; `cut` is True when it was larger than the limit."""

    ref: str
    edges: list[LineageEdge]
    cut: bool = False


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain that explains a state: an event, and what it says in a sentence."""

    seq: int
    event: str
    type: str
    at: datetime
    actor: str
    subject: str
    says: str
    data: dict[str, Any] = {}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing without events of its own comes from: which release answered at an endpoint, and when."""

    says: str
    endpoint: str
    release: str
    at: datetime


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is as it is: the chain of causes, the first cause first."""

    ref: str
    state: str
    chain: list[Cause]
