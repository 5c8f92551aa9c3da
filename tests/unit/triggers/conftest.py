from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec
import pytest

from meguru.errors import NotFound
from meguru.runtime import jobs
from meguru.runtime.operations import Context, Operation
from meguru.triggers import recognise
from meguru.triggers.actions import ACTIONS, Occasion, Started


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A small real action: emits an event, and enqueues a job when told to."""

    key: ClassVar[str] = "note"
    exclusive: ClassVar[bool] = True

    note: str
    job: bool = False
    broken: bool = False

    def check(self, ctx: Context) -> None:
        del ctx

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        ctx.emit(f"note.{self.note}", f"note/{self.note}", data={"key": occasion.key})
        if self.broken:
            raise NotFound.of("pipeline", "trian", ["train"])
        if not self.job:
            return Started(ref=f"note/{self.note}")
        job = jobs.enqueue(ctx, kind="note", key=occasion.key, payload={}, cause=ctx.cause)
        return Started(ref=f"job/{job.id}", job=job.id)


@pytest.fixture(autouse=True)
def note_action(monkeypatch):
    """Put the `note` action into the family, as an installed package would."""
    monkeypatch.setitem(ACTIONS._places, "note", "")
    monkeypatch.setitem(ACTIONS._loaded, "note", Note)
    from meguru.triggers.kinds import KINDS  # TEMP

    for table in (KINDS, ACTIONS):
        for name in list(table._places):
            try:
                table.load(name)
            except (ImportError, AttributeError):
                monkeypatch.delitem(table._places, name)
    recognise._members.cache_clear()
    yield
    recognise._members.cache_clear()


def _say(ctx: Context, *, type: str, subject: str, at: datetime | None = None) -> str:
    del at
    return ctx.emit(type, subject, data={"state": "alert"}).id


_SAY = Operation(_say, "test.say", "test:write", query=False, evented=True)


@pytest.fixture
def say(workspace):
    """Emit an event into the log."""
    return lambda type, subject="model/delay@1": workspace.execute(_SAY, {"type": type, "subject": subject})
