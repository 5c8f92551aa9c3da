"""Values of features as JSON has them, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

_PYTHON: dict[str, Any] = {
    "Date": date, "Datetime": datetime, "Datetime[UTC]": datetime, "Duration": timedelta, "Binary": bytes,
}  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: NaN and the infinities become texts, as protobuf's JSON has them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if value != value else _infinity(value)  # noqa: PLR0124
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def _infinity(value: float) -> str:
    return "Infinity" if value > 0 else "-Infinity"


def typed(value: Any, kind: str) -> Any:
    """Return the value of a type that JSON holds so."""
    if value is None:
        return None
    if kind.startswith(("List(", "Array(")):
        inner = kind[kind.index("(") + 1 : -1].partition(",")[0]
        return [typed(each, inner) for each in value]
    if kind.startswith("Float"):
        return float(value)
    return msgspec.convert(value, _PYTHON[kind]) if kind in _PYTHON else value


def columns_of(entities: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return a list of values for each join key, of one entity, a list of them, or columns."""
    if isinstance(entities, Mapping):
        return {
            name: list(given) if isinstance(given, list | tuple) else [given]
            for name, given in entities.items()
        }
    names = dict.fromkeys(name for entity in entities for name in entity)
    return {name: [entity.get(name) for entity in entities] for name in names}
