"""A small real action for tests of triggers: emits an event, and promises a job when told to."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import NotFound
from meguru.kernel import jobs
from meguru.kernel.operations import Context
from meguru.triggers import parse
from meguru.triggers.actions import ACTIONS, Occasion, Started


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"note": "done"}`` emits ``note.done``; a `broken` one fails after it has written."""

    key: ClassVar[str] = "note"
    names: ClassVar[dict[str, tuple[str, str]]] = {}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    note: str
    job: bool = False
    broken: bool = False

    def check(self, ctx: Context) -> None:
        """Any note may be made."""

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Emit the event, then enqueue the job or fail."""
        ctx.emit(f"note.{self.note}", f"note/{self.note}", data={"key": occasion.key})
        if self.broken:
            raise NotFound.of("pipeline", "trian", ["train"])
        if not self.job:
            return Started(ref=f"note/{self.note}")
        job = jobs.enqueue(ctx, kind="note", key=occasion.key, payload={}, cause=ctx.cause)
        return Started(ref=f"job/{job.id}", job=None if self.note == "forgotten" else job.id)


def install() -> None:
    """Put the action into its family, as an installed package would."""
    ACTIONS._places["note"] = f"{__name__}:Note"  # noqa: SLF001 - an entry point needs an installed package
    parse._members.cache_clear()  # noqa: SLF001 - the family has grown
