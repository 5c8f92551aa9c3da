"""Columns with what was seen in them; of a personal one nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from meguru.cards.facts.types import CardColumn
from meguru.storage.blobs import BlobStore

MAX_VALUES = 8
"""So many of the commonest values of a column are told."""
MAX_COLUMNS = 500


def profile_columns(blobs: BlobStore, digest: str) -> dict[str, dict[str, Any]]:
    """Return what is known of each column from the profile under a digest; nothing where there is none."""
    if not digest:
        return {}
    found: dict[str, Any] = json.loads(blobs.get_bytes(digest))
    return dict(found.get("columns", {})) | dict(found.get("times", {}))


def described(
    types: Mapping[str, str],
    profile: Mapping[str, Mapping[str, Any]],
    tags: Mapping[str, Collection[str]],
) -> list[CardColumn]:
    """Return columns by their types, with what a profile says of them and which tags they have."""
    return [
        _described(name, type, profile.get(name, {}), list(tags.get(name, ())))
        for name, type in list(types.items())[:MAX_COLUMNS]
    ]


def _described(name: str, type: str, seen: Mapping[str, Any], tags: list[str]) -> CardColumn:
    bare = CardColumn(name=name, type=type, tags=tags)
    count, nulls = int(seen.get("count", 0)), int(seen.get("nulls", 0))
    missing = nulls / (count + nulls) if count + nulls else None
    if bare.is_personal:
        return msgspec.structs.replace(bare, missing=missing)
    low, high = seen.get("minimum"), seen.get("maximum")
    values = [str(value) for value, _ in seen.get("top", [])[:MAX_VALUES]] if seen.get("top") else []
    return msgspec.structs.replace(bare, low=low, high=high, values=values, missing=missing)
