"""Who waits for events is not woken by each change of a hot path, and hears of it all the same."""

import pytest

from meguru.runtime import events
from meguru.runtime.operations.operation import Operation


@pytest.mark.parametrize(("quiet", "woken"), [(False, 1), (True, 0)])
def test_a_quiet_operation_wakes_nobody_and_is_found_at_the_next_look(workspace, monkeypatch, quiet, woken):
    notified = []
    monkeypatch.setattr(workspace.watch, "notify", lambda *_: notified.append(1))
    say = Operation(
        lambda ctx: ctx.emit("test.said", "workspace/test") and None,
        "test.say",
        "test:write",
        query=False,
        evented=True,
        quiet=quiet,
    )
    say(workspace)
    assert len(notified) == woken
    assert events.wait(workspace, after=0, timeout=30) == 1
