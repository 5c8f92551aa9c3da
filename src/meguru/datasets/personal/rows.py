"""Rows that changed, without the values of personal columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.datasets.differences import RowChanges
from meguru.datasets.versions.scan import HIDDEN


def without_values(found: RowChanges, hidden: frozenset[str]) -> RowChanges:
    """Return what changed; of hidden columns only that they did."""
    if not hidden:
        return found

    def shown(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: HIDDEN if name in hidden else value for name, value in values.items()}

    sample = [
        msgspec.structs.replace(
            changed, key=shown(changed.key), before=shown(changed.before), after=shown(changed.after)
        )
        for changed in found.sample
    ]
    return msgspec.structs.replace(found, sample=sample)
