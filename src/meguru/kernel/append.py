"""Append to the event log as `runtime.events.append` does, without SQLAlchemy: for instant commands."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from meguru.base import digests
from meguru.base.ids import new_id
from meguru.kernel.kinds.event_types import check
from meguru.storage.sqlite import insert


def append(
    connection: sqlite3.Connection,
    *,
    type: str,
    at: datetime,
    actor: str,
    operation: str,
    subject: str,
    cause: str | None,
    data: Mapping[str, Any],
    used: Sequence[str] = (),
    produced: Sequence[str] = (),
    project: str = "",
) -> str:
    """Append one event with its edges in the open write transaction; return its id.

    Raises
    ------
    InternalError
        If the data is not of the payload that a loaded kind declares for the type.
    """
    plain = msgspec.json.decode(digests.canonical(dict(data)))
    check(type, plain)
    head = connection.execute("SELECT seq, hash FROM event_head").fetchone()
    event: dict[str, Any] = {
        "seq": head["seq"] + 1,
        "id": new_id("evt"),
        "type": type,
        "at": at,
        "actor": actor,
        "operation": operation,
        "subject": subject,
        "cause": cause,
        "data": plain,
        "used": list(dict.fromkeys(used)),
        "produced": list(dict.fromkeys(produced)),
        "previous": head["hash"],
    }
    event["hash"] = digests.of_value(msgspec.to_builtins(event | ({"project": project} if project else {})))
    event["project"] = project  # hashed where there is one, as events were before there were projects
    insert(connection, "event", [event])
    connection.execute("UPDATE event_head SET seq = ?, hash = ?", (event["seq"], event["hash"]))
    wanted = [
        (source, target) for source in event["used"] for target in event["produced"] if source != target
    ]
    connection.executemany(
        "INSERT INTO edge (source, target, event_seq) VALUES (?, ?, ?) ON CONFLICT (source, target) "
        "DO UPDATE SET event_seq = excluded.event_seq, claimed = excluded.claimed WHERE edge.claimed",
        [(source, target, event["seq"]) for source, target in sorted(wanted)],
    )
    return str(event["id"])
