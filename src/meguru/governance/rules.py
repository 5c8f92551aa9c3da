"""What is declared of access: roles, groups, grants and others, each by kind and name in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.errors import NotFound
from meguru.governance.owners import changing_rights
from meguru.governance.schema import access_rule
from meguru.kernel.operations import Context
from meguru.kernel.projects import in_projects

S = TypeVar("S", bound=msgspec.Struct)
_PRESENT = access_rule.c.retired_at.is_(None)


class AccessRules(Generic[S]):
    """The specs of one kind of rule; see `meguru.kernel.declarations.SpecStore`.

    Whatever is saved or retired here holds for the next request, on every server.

    Parameters
    ----------
    kind, spec
        The kind's name, and what its specs are.
    check
        Returns the spec as it is kept; refuses one that makes no sense or gives more than its declarer has.
    uses
        Returns the references of the things that a spec names.
    before_retire
        Refuses to retire what is needed.
    without
        Returns the spec without a thing that it names, where it makes sense then.
    shared
        Whether all projects share them; else those of projects that one may not see are not listed.
    """

    def __init__(
        self,
        kind: str,
        spec: type[S],
        *,
        check: Callable[[Context, str, S], S],
        uses: Callable[[str, S], list[str]] = lambda _name, _spec: [],
        before_retire: Callable[[Context, str, S], None] = lambda _ctx, _name, _spec: None,
        shared: bool = True,
        without: Callable[[S, str], S] | None = None,
    ) -> None:
        self.without = without
        self.kind, self.spec = kind, spec
        self.check, self.uses = check, uses
        self._before_retire, self._shared = before_retire, shared

    def find(self, tx: Connection, name: str) -> S | None:
        """Return the present spec; None if there is none."""
        here = (access_rule.c.kind == self.kind) & (access_rule.c.name == name)
        found = tx.execute(select(access_rule.c.spec).where(here, _PRESENT)).scalar()
        return None if found is None else msgspec.convert(found, self.spec)

    def get(self, tx: Connection, name: str) -> S:
        """Return the present spec; NotFound, with names that look like it, if there is none."""
        found = self.find(tx, name)
        if found is None:
            raise NotFound.of(self.kind, name, self.names(tx, None))
        return found

    def every(self, tx: Connection) -> dict[str, S]:
        """Return all present specs by name."""
        query = select(access_rule.c.name, access_rule.c.spec).where(
            access_rule.c.kind == self.kind, _PRESENT
        )
        return {
            name: msgspec.convert(spec, self.spec)
            for name, spec in tx.execute(query.order_by(access_rule.c.name))
        }

    def find_many(self, tx: Connection, names: Sequence[str]) -> dict[str, S]:
        """Return the present specs of those of these names that are there."""
        return {name: spec for name, spec in self.every(tx).items() if name in set(names)}

    def names(self, tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
        """Return the names of those in some projects (None: all)."""
        query = select(access_rule.c.name).where(access_rule.c.kind == self.kind, _PRESENT)
        found = tx.execute(query.order_by(access_rule.c.name)).scalars()
        return [name for name in found if self._shared or in_projects(projects, name)]

    def save(self, ctx: Context, name: str, spec: S) -> None:
        """Write the present spec."""
        self._write(ctx, name, {"spec": msgspec.to_builtins(spec), "retired_at": None})

    def retire(self, ctx: Context, name: str) -> None:
        """Take one out of use."""
        spec = self.get(ctx.tx, name)
        self._before_retire(ctx, name, spec)
        self._write(ctx, name, {"retired_at": ctx.now()})

    def _write(self, ctx: Context, name: str, values: dict[str, Any]) -> None:
        here = (access_rule.c.kind == self.kind) & (access_rule.c.name == name)
        with changing_rights(ctx):
            if ctx.tx.execute(update(access_rule).where(here).values(**values)).rowcount == 0:
                ctx.tx.execute(insert(access_rule).values(kind=self.kind, name=name, **values))
