"""What is found out about the quality of a version's rows."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

FindingKind = Literal[
    "duplicates", "missing", "constant", "outliers", "type", "placeholder", "spaces", "drift"
]


class QualityFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at; `column` is empty when it is about whole rows, `rows` counts those concerned."""

    kind: FindingKind
    column: str
    says: str
    rows: int = 0


class ColumnQuality(msgspec.Struct, frozen=True, kw_only=True):
    """A column: its missing, different and outlying values, and how far it moved since the version before.

    `outliers` are numbers further from the middle half of all than three times its width; None of what is no
    number. `psi` is None without a version before. `profile` is as `dataset.profile` tells.
    """

    name: str
    type: str
    missing: int
    distinct: int | None
    outliers: int | None = None
    psi: float | None = None
    drifted: bool = False
    profile: dict[str, Any] = {}


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """The quality of a version; `duplicates` counts rows that repeat another one in all values."""

    ref: str
    before: str
    rows: int
    rows_before: int | None
    duplicates: int
    columns: list[ColumnQuality]
    findings: list[QualityFinding]
