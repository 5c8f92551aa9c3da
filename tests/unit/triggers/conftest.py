from __future__ import annotations

import pytest

from meguru.kernel.operations import Context, Operation
from meguru.testing.actions import install

install()


def _say(ctx: Context, *, type: str, subject: str) -> str:
    fired = {"firing": "fir-0", "key": "k", "depth": 0, "root": "", "evidence": {}}
    return ctx.emit(type, subject, data=fired if type == "trigger.fired" else {"state": "alert"}).id


_SAY = Operation(_say, "test.say", "test:write", query=False, evented=True)


@pytest.fixture
def say(workspace):
    """Emit an event into the log."""
    return lambda type, subject="model/delay@1": workspace.execute(_SAY, {"type": type, "subject": subject})
