"""What a declaration does, and what a kind that takes part provides."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.kernel.operations.context import Context


class Change(StrEnum):
    """What declaring a spec does."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    RETIRED = "retired"


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a spec: what it was, and what it is to be; both as plain JSON."""

    field: str
    before: Any = None
    after: Any = None


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration did, or (from a plan) would do.

    `spec` is the spec as it then holds, with defaults filled in and names in full.
    """

    ref: str
    change: Change
    fields: list[FieldChange]
    spec: dict[str, Any]


class SpecVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One spec that held, from `at` until the next one; `retired` when the thing went out of use then."""

    number: int
    spec: dict[str, Any]
    at: datetime
    by: str
    event: str
    retired: bool = False


class StillNamed(InvalidInput):
    """A thing can't be made while others name one that was called so; a plan that declares them all can.

    `refs` are the others: they let go of the name first, and name the new thing afterwards.
    """

    refs: tuple[str, ...] = ()


class SpecStore(Protocol):
    """Where a kind keeps its present specs; a module with these functions serves.

    All get an open transaction, by `ctx.tx` where they get a context. A kind of which people declare many may
    have ``find_many(tx, names) -> {name: spec}`` besides, so that a plan asks once for all; and
    ``without(spec, ref) -> spec``, if its things can let go of one that they name, and need not be retired.
    """

    def find(self, tx: Connection, name: str) -> msgspec.Struct | None:
        """Return the present spec; None if there is none, or the thing was retired."""
        ...

    def names(self, tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
        """Return the names of what is declared in some projects (None: in all), sorted."""
        ...

    def check(self, ctx: Context, name: str, spec: Any) -> Any:
        """Return the spec with names in full and in its usual form; refuse what could never work.

        Raises
        ------
        InvalidInput
            Naming the field that makes no sense.
        """
        ...

    def uses(self, name: str, spec: Any) -> list[str]:
        """Return the references of the things that the spec names: they are in the event's lineage."""
        ...

    def save(self, ctx: Context, name: str, spec: Any) -> None:
        """Write the present spec, over an earlier or a retired one."""
        ...

    def retire(self, ctx: Context, name: str) -> None:
        """Take the thing out of use.

        Raises
        ------
        Conflict
            While something else needs it.
        """
        ...
