"""Profiles of personal columns tell how many values there are, and none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_VALUES: dict[str, Any] = {
    "top": [], "minimum": None, "maximum": None, "mean": None, "sd": None, "quantiles": [], "counts": [],
    "edges": [], "shares": [], "low": 0.0, "high": 0.0,
}  # fmt: skip


def without_values(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a column's profile without what tells a value."""
    return {name: _VALUES.get(name, value) for name, value in profile.items()}
