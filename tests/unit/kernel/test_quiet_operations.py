"""Who waits for events is not woken by each change of a hot path, and hears of it all the same."""

import pytest

from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.testing.events import declare_events

declare_events("test.said")


@pytest.mark.parametrize(("quiet", "woken"), [(False, 1), (True, 0)])
def test_a_quiet_operation_wakes_nobody_and_is_found_at_the_next_look(workspace, monkeypatch, quiet, woken):
    notified = []
    monkeypatch.setattr(workspace.watch, "notify", lambda *_: notified.append(1))

    @operation(f"test.say_{quiet}", permission="test:write", quiet=quiet)
    def say(ctx: Context) -> None:
        ctx.emit("test.said", "workspace/test")

    say(workspace)
    assert len(notified) == woken
    assert events.wait(workspace, after=0, timeout=30) == 1
