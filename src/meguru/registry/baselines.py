"""What a model was like when it was trained, for the monitors that watch it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.errors import NotFound
from meguru.registry import store
from meguru.storage.blobs import BlobStore
from meguru.tasks import plain


def baseline_of(tx: Connection, blobs: BlobStore, model: str) -> Mapping[str, Any] | None:
    """Return ``profile``, ``metrics`` and ``task`` of a model version; None if there is no such version.

    The profile is of the training features and, as the column ``_score``, of the model's own scores. It is
    missing when the model was registered without one.
    """
    try:
        version = store.resolve(tx, model)
    except NotFound:
        return None
    known: dict[str, Any] = {"metrics": version.metrics}
    if (task := version.whole_task) is not None:
        known["task"] = plain(task)
    if version.baseline_digest:
        known["profile"] = msgspec.json.decode(blobs.get_bytes(version.baseline_digest))
    return known
