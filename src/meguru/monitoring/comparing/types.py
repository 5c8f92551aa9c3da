"""What a comparison of two tables says."""

from __future__ import annotations

import msgspec


class ComparedValues(msgspec.Struct, frozen=True, kw_only=True):
    """How one column differs between two tables.

    `drifted` is true when chance alone hardly makes such a difference, and its `effect` is worth telling; the
    effect is in the unit of the test. `test` is ``schema`` for a column that one table does not have, or
    holds as something else; ``nulls`` where not the values moved but the share of missing ones; and empty for
    what can't be compared.
    """

    column: str
    test: str
    statistic: float | None = None
    p_value: float | None = None
    effect: float | None = None
    drifted: bool = False


class JointComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of two tables differ in all columns together.

    `telling` names the columns by which a classifier tells the tables apart, with the AUC lost without each.
    """

    test: str
    statistic: float
    p_value: float
    effect: float
    drifted: bool
    rows_reference: int
    rows_current: int
    telling: dict[str, float] = {}


class TableComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How two tables differ: rows of both, and each column, in the order of the reference.

    `notes` say of a column, or of ``*`` for all, what its numbers do not.
    """

    reference: str
    current: str
    rows_reference: int
    rows_current: int
    level: float
    columns: list[ComparedValues]
    notes: dict[str, str] = {}
    joint: JointComparison | None = None

    @property
    def drifted(self) -> list[str]:
        """The columns that differ by more than chance and more than a trifle."""
        return [values.column for values in self.columns if values.drifted]
