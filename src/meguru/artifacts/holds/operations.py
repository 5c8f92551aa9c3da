"""Every operation of holds; importing this registers them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.artifacts.erasure.ledger import ErasureLedger
from meguru.artifacts.holds import store
from meguru.artifacts.holds.store import LegalHold
from meguru.base import refs
from meguru.base.ids import new_id
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.operations.subject import project_of_subject

_KINDS = ("dataset", "endpoint", "pipeline", "project")
MAX_TEXT, MAX_VALUES = 2000, 20


@operation("hold.place", permission="hold:write", refers={"about": "*"})
def place(
    ctx: Context,
    *,
    why: str,
    about: str = "",
    who: dict[str, list[str]] | None = None,
    until: datetime | None = None,
) -> LegalHold:
    """Place a dataset, an endpoint, a pipeline, a project or a person under a legal hold.

    Nothing of it is erased, removed or let go by a rule until the hold is released or over. A person is told
    by values of columns, of which keyed hashes are kept. While a person is held, no record of predictions,
    feedback and logs is let go: whose they are is known only when they are looked for.
    """
    _check(why, about, who, until, ctx.now())
    book = ErasureLedger(ctx.ws)
    marks: dict[str, object] = {"key": book.key_id, "marks": book.marks(who)} if who else {}
    if about:
        ref = refs.parse(about)
        if ref.kind not in _KINDS:
            raise InvalidInput(f"no hold is about a {ref.kind}", field="about", hint=", ".join(_KINDS))
        about = refs.make(ref.kind, ref.name)
        project_of_subject(ctx.tx, about)
    hold = LegalHold(
        id=new_id("hold"), about=about, columns=sorted(who or {}), why=why, until=until, placed_at=ctx.now(),
        placed_by=ctx.principal.name, released_at=None, released_by="", released_why="",
    )  # fmt: skip
    store.add(ctx.tx, hold, marks)
    data = {"about": about or store.PERSON, "why": why, "until": until.isoformat() if until else ""}
    ctx.emit("hold.placed", refs.make("hold", hold.id), data=data)
    return hold


@operation("hold.release", permission="hold:write", on="id")
def release(ctx: Context, *, id: str, why: str) -> LegalHold:
    """Release a hold, and say why; it stays in the list of those that were."""
    if not 0 < len(why.strip()) <= MAX_TEXT:
        raise InvalidInput("say why it is released", field="why", why=f"up to {MAX_TEXT:,} characters")
    hold = store.get(ctx.tx, id)
    if hold.released_at is not None:
        raise Conflict(f"the hold {hold.id} was released", why=f"by {hold.released_by}")
    values = {"released_at": ctx.now(), "released_by": ctx.principal.name, "released_why": why}
    store.release(ctx.tx, hold.id, at=ctx.now(), by=ctx.principal.name, why=why)
    data = {"about": hold.about or store.PERSON, "why": why}
    ctx.emit("hold.released", refs.make("hold", hold.id), data=data)
    return msgspec.structs.replace(hold, **values)


@operation("hold.list", permission="hold:read", query=True)
def list_holds(ctx: Context, *, released: bool = False) -> list[LegalHold]:
    """List holds, newest first; those that were released only if they are asked for."""
    ctx.require(ctx.operation.permission)
    return store.page(ctx.tx, released=released)


def _check(
    why: str, about: str, who: dict[str, list[str]] | None, until: datetime | None, now: datetime
) -> None:
    if not 0 < len(why.strip()) <= MAX_TEXT:
        raise InvalidInput("say why it is held", field="why", why=f"up to {MAX_TEXT:,} characters")
    if bool(about) == bool(who):
        hint = "meguru hold place dataset/people, or meguru hold place --who email=anna@example.com"
        raise InvalidInput("a hold is about one thing, or one person", field="about", hint=hint)
    if len(who or {}) > MAX_VALUES or any(
        not name
        or not values
        or len(values) > MAX_VALUES
        or not all(0 < len(each) <= MAX_TEXT for each in values)
        for name, values in (who or {}).items()
    ):
        raise InvalidInput("a column and a value tell who it is", field="who")
    if until is not None and until <= now:
        raise InvalidInput("the hold would be over already", field="until")


__all__ = ["list_holds", "place", "release"]
