"""What would go is told before; a service lets it go, in small transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec
from sqlalchemy import Connection

from meguru.artifacts.holds.store import in_force
from meguru.artifacts.retention import rules
from meguru.artifacts.retention.kind import RETENTION
from meguru.base import refs
from meguru.base.ticker import Ticker
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, InternalOperation, operation
from meguru.kernel.operations.subject import project_of_subject
from meguru.kernel.principals import system

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

FAMILY = "kept records"
"""Those who keep records: ``f() -> dict[str, KeptRecords]``, by the field of the rule that they obey."""
_REMOVE = InternalOperation(RETENTION, "remove")


class OldRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Records about one thing that are older than their rule says; `held` says why they stay anyway."""

    ref: str
    what: str
    rows: int
    bytes: int
    period: str
    before: datetime
    held: str = ""


class RetentionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What goes, with the bytes that are freed, and what is held."""

    records: list[OldRecords]

    @property
    def bytes(self) -> int:
        """Bytes of what is not held."""
        return sum(record.bytes for record in self.records if not record.held)


class KeptRecords(Protocol):
    """Records of one noun, counted and removed by what they are about."""

    what: str

    def about(self, tx: Connection) -> Iterable[str]:
        """Return the references of what there are records about."""
        ...

    def older(self, tx: Connection, ref: str, before: datetime) -> tuple[int, int]:
        """Return how many records there are from before a moment, and their bytes."""
        ...

    def remove(self, ctx: Context, ref: str, before: datetime) -> tuple[int, int]:
        """Remove some of them, the oldest first; return how many, and their bytes. None left: 0."""
        ...


@operation("retention.due", permission="retention:read", query=True)
def due(ctx: Context) -> RetentionPlan:
    """Tell what is older than its rule says, with the bytes that go, and what a hold keeps."""
    ctx.require(ctx.operation.permission)
    return RetentionPlan(records=[each for each, *_ in _planned(ctx.tx, ctx.now())])


def _planned(tx: Connection, now: datetime) -> Iterator[tuple[OldRecords, KeptRecords, str]]:
    specs, holds = rules.rules(tx), in_force(tx, now)
    family = provided(FAMILY)
    for name in family.names() if specs else ():
        for field, records in family.load(name)().items():
            for ref in records.about(tx):
                project = project_of_subject(tx, ref)
                before = rules.cut(specs, project, field, now)
                if before is None:
                    continue
                rows, size = records.older(tx, ref, before)
                if rows:
                    period = getattr(rules.rule_of(specs, project), field)
                    held = holds.of_thing(ref, project) or holds.of_anybody()
                    yield (
                        OldRecords(
                            ref=ref, what=records.what, rows=rows, bytes=size, period=period,
                            before=before, held=held,
                        ),
                        records,
                        field,
                    )  # fmt: skip


def apply(ws: Workspace) -> list[OldRecords]:
    """Remove what is older than its rule says and not held, some at a time; return what went."""
    with ws.read() as tx:
        planned = list(_planned(tx, ws.clock.now()))
    done = []
    for each, records, field in planned:
        if each.held:
            continue
        total = size = 0
        while True:
            rows, freed = _REMOVE.commit(ws, partial(_some, found=each, records=records, field=field))
            total, size = total + rows, size + freed
            if not rows:
                break
        done.append(msgspec.structs.replace(each, rows=total, bytes=size))
    return done


def _some(ctx: Context, *, found: OldRecords, records: KeptRecords, field: str) -> tuple[int, int]:
    """Remove some records, unless a hold was placed meanwhile, or the rule says longer now."""
    holds, project = in_force(ctx.tx, ctx.now()), project_of_subject(ctx.tx, found.ref)
    before = rules.cut(rules.rules(ctx.tx), project, field, ctx.now())
    if before is None or holds.of_thing(found.ref, project) or holds.of_anybody():
        return 0, 0
    before = min(before, found.before)
    rows, size = records.remove(ctx, found.ref, before)
    if rows:
        data = {"about": found.ref, "what": found.what, "rows": rows, "bytes": size, "period": found.period}
        name = refs.make("retention", rules.NAME)
        ctx.emit("retention.applied", name, data=data | {"before": before.isoformat()})
    return rows, size


class RecordsClock(Ticker):
    """Removes what rules of retention do not keep, every hour."""

    name = "retention of records"
    pause = 3600.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("retention"))

    def tick(self) -> list[OldRecords]:
        """Look once; return what was removed."""
        return apply(self.ws)
