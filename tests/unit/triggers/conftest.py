from __future__ import annotations

import pytest

from meguru.kernel.operations import Context, Operation
from meguru.testing.actions import install

install()


def _say(ctx: Context, *, type: str, subject: str) -> str:
    return ctx.emit(type, subject, data={"state": "alert"}).id


_SAY = Operation(_say, "test.say", "test:write", query=False, evented=True)


@pytest.fixture
def say(workspace):
    """Emit an event into the log."""
    return lambda type, subject="model/delay@1": workspace.execute(_SAY, {"type": type, "subject": subject})
