from __future__ import annotations

import pytest

from meguru.kernel.operations import Context, Operation
from meguru.testing.actions import install
from meguru.testing.events import declare_events, sample

declare_events(*(f"note.{verb}" for verb in ("first", "done", "half", "seen", "x")), "something.else")

install()


def _say(ctx: Context, *, type: str, subject: str) -> str:
    return ctx.emit(type, subject, data=sample(type)).id


_SAY = Operation(_say, "test.say", "test:write", query=False, evented=True)


@pytest.fixture
def say(workspace):
    """Emit an event into the log."""
    return lambda type, subject="model/delay@1": workspace.execute(_SAY, {"type": type, "subject": subject})
