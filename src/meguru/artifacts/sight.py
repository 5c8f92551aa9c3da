"""What of the graph somebody may see: by the projects of the things in it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.event import Event
from meguru.kernel.events.schema import event
from meguru.kernel.operations import Context
from meguru.kernel.operations.subject import project_of


class Sight:
    """Tells whether references and events are of projects that may be seen; None stands for all of them.

    For the length of one transaction: what was asked once is remembered.
    """

    def __init__(self, tx: Connection, projects: AbstractSet[str] | None) -> None:
        self._tx, self.projects = tx, projects
        self._known: dict[str, bool] = {}

    def sees(self, ref: str) -> bool:
        """Tell whether a reference is of a project that may be seen."""
        if self.projects is None:
            return True
        if ref not in self._known:
            self._known[ref] = self._project(ref) in self.projects
        return self._known[ref]

    def knows(self, told: Event) -> bool:
        """Tell whether an event is of a project that may be seen."""
        return self.projects is None or told.project in self.projects

    def _project(self, ref: str) -> str | None:
        try:
            found = project_of(self._tx, refs.parse(ref))
        except InvalidInput:
            return None
        return found if found is not None else self._last_known(ref)

    def _last_known(self, ref: str) -> str | None:
        # What was removed for good belongs to nothing any more; the log still knows to what it did.
        mine = select(event.c.project).where(event.c.subject == ref)
        return self._tx.execute(mine.order_by(event.c.seq.desc()).limit(1)).scalar()


def sight_of(ctx: Context) -> Sight:
    """Return what the principal of a query may see, in whatever project it works."""
    return Sight(ctx.tx, ctx.principal.projects(ctx.operation.permission))


def names_seen(tx: Connection, kind: str, projects: AbstractSet[str] | None) -> list[str]:
    """Return names of things of a kind that the log tells of, those of some projects (None: of all)."""
    mine = event.c.subject.startswith(f"{kind}/", autoescape=True)
    query = select(event.c.subject).where(mine)
    if projects is not None:
        query = query.where(event.c.project.in_(projects))
    return sorted(
        {refs.parse(subject).name for subject in tx.execute(query.distinct().limit(1000)).scalars()}
    )
