"""Ten thousand alerts in a minute, and a receiver that hangs: few messages, and nobody waits for it."""

import socket
import time
from contextlib import suppress

import pytest
from tests.unit.alerts.conftest import failed

from meguru.alerts.follow import AlertFollower
from meguru.alerts.notifications import show
from meguru.alerts.notifications.follow import NotificationFollower
from meguru.alerts.notifications.kind import NOTIFICATION, NotificationSpec
from meguru.alerts.notifications.operations import specs
from meguru.alerts.show import list_alerts
from meguru.base.plugins import PluginFamily
from meguru.kernel.jobs import Worker


def test_a_receiver_that_hangs_holds_up_nobody(ws, happen, keep):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"webhook:http://127.0.0.1:{silent.getsockname()[1]}/"
        for name, to in (("hangs", [url, f"{url}other"]), ("works", ["console"])):
            specs.declare(ws, name=name, spec=NotificationSpec(to=to))
        happen(failed())
        keep()
        NotificationFollower(ws).step()
        worker = Worker(ws, PluginFamily("notification job handler", NOTIFICATION.jobs), threads=3)
        worker.start()
        end = time.monotonic() + 60
        while time.monotonic() < end and show.deliveries(ws, name="works")[0].state != "taken":
            time.sleep(0.02)
        taken = [each.state.value for each in show.deliveries(ws, name="works")]
        waiting = [each.state.value for each in show.deliveries(ws, name="hangs")]
        while waiting and waiting.pop():
            held, _ = silent.accept()
            with suppress(OSError):
                held.close()
        worker.stop()
    assert (taken, [each.state.value for each in show.deliveries(ws, name="hangs")]) == (
        ["taken"],
        ["waiting", "waiting"],
    )


@pytest.mark.soak
def test_ten_thousand_alerts_of_a_minute_are_one_message(ws, happen, clock, wait):
    specs.declare(ws, name="oncall", spec=NotificationSpec(to=["console"]))
    alerts, notices = AlertFollower(ws), NotificationFollower(ws)
    for second in range(60):
        happen(*(failed(f"p{second}-{n}", run=f"run-{second}-{n}") for n in range(167)))
        alerts.step()
        notices.step()
        wait(seconds=1)
    wait(minutes=5)
    notices.step()
    found = list_alerts(ws).items
    assert len(found) == 21
    assert sum(each.count for each in found) == 60 * 167
    assert len(show.deliveries(ws, name="oncall")) == 1
