"""What a part of an expression is: a type, and a function over columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType

Columns: TypeAlias = Sequence[Sequence[Any]]
"""The columns that were sent, in the order of their contract, each with one value a row; None for null."""

NUMBERS = frozenset({ColumnType.BOOLEAN, ColumnType.LONG, ColumnType.DOUBLE})


class TypedExpression(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that was read.

    Attributes
    ----------
    type
        The type of its values; None when it is always null.
    nullable
        Whether a value may be null though no arithmetic failed. What has no value (a division by zero, the
        root of a negative number, a result too large for a double) is null too.
    over
        A function ``(columns, n)`` that returns its n values.
    uses
        The names of the columns it reads.
    constant
        Whether it reads none.
    """

    type: ColumnType | None
    nullable: bool
    over: Callable[[Columns, int], Sequence[Any]]
    uses: frozenset[str] = frozenset()

    @property
    def constant(self) -> bool:
        """Whether it is the same for every row."""
        return not self.uses


def mapped(
    function: Callable[..., Any], parts: Sequence[TypedExpression], kind: ColumnType, *, nulls: bool = False
) -> TypedExpression:
    """Return what applies a function to each row's values of some parts.

    A null among the values makes null, unless the function takes `nulls`; so does arithmetic without a value.
    """
    calls = [part.over for part in parts]

    def over(columns: Columns, n: int) -> list[Any]:
        rows = zip(*(call(columns, n) for call in calls), strict=True)
        if nulls:
            return [function(*row) for row in rows]
        return [None if None in row else _value(function, row) for row in map(list, rows)]

    return TypedExpression(
        type=kind,
        nullable=any(part.nullable for part in parts),
        over=over,
        uses=frozenset().union(*(part.uses for part in parts)),
    )


def _value(function: Callable[..., Any], row: Sequence[Any]) -> Any:
    # Arithmetic without a result is null: one row must not fail the request it came with.
    try:
        return function(*row)
    except (ArithmeticError, ValueError):
        return None


def unified(parts: Sequence[TypedExpression], what: str) -> ColumnType | None:
    """Return the one type that all parts can have; numbers widen.

    Raises
    ------
    InvalidInput
        When there is none.
    """
    kinds = {part.type for part in parts if part.type is not None}
    if len(kinds) <= 1:
        return next(iter(kinds), None)
    if kinds <= {ColumnType.LONG, ColumnType.DOUBLE}:
        return ColumnType.DOUBLE
    listed = " and ".join(sorted(kinds))
    raise InvalidInput(
        f"{what} are of different types", why=f"they are {listed}", hint="convert one: string(x)"
    )


def numeric(parts: Sequence[TypedExpression], what: str) -> bool:
    """Return whether all parts are whole numbers; refuse what is no number."""
    for part in parts:
        if part.type not in NUMBERS and part.type is not None:
            raise InvalidInput(f"{what} takes numbers, not a {part.type}", hint="convert it: double(x)")
    return all(part.type is not ColumnType.DOUBLE for part in parts)
