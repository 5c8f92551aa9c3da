"""Live means that a server answers: state, since when, with what, and why not."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from meguru.errors import UnsafeModel
from meguru.kernel import events
from meguru.serving import replicas
from meguru.serving.health import observed
from meguru.serving.operations import create, list_endpoints, show, specs, switch
from meguru.serving.reporter import Reporter
from meguru.serving.service import PredictionService
from meguru.serving.types import EndpointState, Replica

TOLD = ("endpoint.serving", "endpoint.failed")


def switch_to(workspace, version):
    model, release = f"model/delay@{version}", f"release/delay@{version}"
    switch(workspace, name="delay", model_ref=model, release_ref=release)


def wait_for(workspace, kind, *, after=0):
    """Wait for an event of this type, and return it."""
    while True:
        with workspace.read() as tx:  # one moment: an event between the two would be waited past
            found, head = events.read(tx, after=after, types=(kind,)), events.head(tx)
        if found:
            return found[-1]
        assert events.wait(workspace, after=head, timeout=60) > head, f"no {kind}"


def now(workspace):
    found = show(workspace, name="delay").endpoint
    (listed,) = list_endpoints(workspace).items
    assert listed.state is found.state
    return found


def test_an_endpoint_is_live_once_a_server_answers_and_the_log_says_so(workspace, service, live):
    live(1)
    told = wait_for(workspace, "endpoint.serving")
    found = now(workspace)
    assert (found.state, found.serving.current) == (EndpointState.LIVE, True)
    assert (found.serving.model, found.serving.ready, found.serving.servers) == ("model/delay@1", 1, 1)
    assert found.serving.since is not None
    assert (told.subject, told.data["model"], told.data["release"]) == (
        "endpoint/delay",
        "model/delay@1",
        "release/delay@1",
    )
    assert told.cause == found.live.event


def test_what_no_server_can_serve_is_not_live_and_the_one_before_is_named(
    workspace, service, live, register, shelf
):
    live(1)
    register(2)
    shelf.refused["model/delay@2"] = UnsafeModel("it holds a pickle", why="model.pkl")
    switch_to(workspace, 2)
    told = wait_for(workspace, "endpoint.failed")
    found = now(workspace)
    assert found.state is EndpointState.FAILED
    assert (found.serving.current, found.serving.model) == (False, "model/delay@1")
    assert found.serving.why == "model/delay@2 can't be served: it holds a pickle: model.pkl"
    assert found.serving.fault["code"] == "MG-410"
    assert (told.data["why"], told.data["answering"]) == ("it holds a pickle: model.pkl", "model/delay@1")
    tried, changed = len(shelf.loads), service._deployments.changed
    with changed:
        assert changed.wait_for(lambda: len(shelf.loads) > tried, 60)
    with workspace.read() as tx:
        assert len(events.read(tx, types=TOLD)) == 2, "each try again is no news"
    shelf.refused.clear()
    wait_for(workspace, "endpoint.serving", after=told.seq)
    assert now(workspace).state is EndpointState.LIVE


def test_while_a_server_loads_it_the_endpoint_is_not_live_yet(workspace, service, live, register, shelf):
    live(1)
    wait_for(workspace, "endpoint.serving")
    register(2)
    shelf.gate = threading.Event()
    switch_to(workspace, 2)
    found = now(workspace)
    assert (found.state, found.serving.model) == (EndpointState.LOADING, "model/delay@1")
    assert found.serving.why == "a server is loading model/delay@2"
    shelf.gate.set()


def test_without_a_server_nothing_is_live(workspace, register, shelf):
    register(1)
    create(workspace, name="delay", model="delay")
    assert now(workspace).state is EndpointState.PENDING
    switch_to(workspace, 1)
    before = now(workspace)
    assert (before.state, before.serving.why) == (EndpointState.DOWN, "no server serves it now")
    service = PredictionService(workspace, load=shelf.load)
    service.start()
    wait_for(workspace, "endpoint.serving")
    assert now(workspace).state is EndpointState.LIVE
    service.stop()
    assert now(workspace).state is EndpointState.DOWN


@pytest.fixture
def promoted(workspace, register):
    register(1)
    create(workspace, name="delay", model="delay")
    switch_to(workspace, 1)

    def look(*servers, after=timedelta(0)):
        at = workspace.clock.now()
        with workspace.db.write() as tx:
            for number, more in enumerate(servers):
                replicas.put(tx, Replica(endpoint="delay", server=f"s{number}", seen_at=at, **more))
            return observed(tx, [show(workspace, name="delay").endpoint], at + after)[0]

    return look


ANSWERS = {"model_ref": "model/delay@1", "release_ref": "release/delay@1"}
REFUSES = {"fault": {"code": "MG-500", "what": "skops is not installed"}, "refused": "release/delay@1"}
EARLIER = {"model_ref": "model/delay@0", "release_ref": "release/delay@0"}


@pytest.mark.parametrize(
    ("servers", "state", "ready", "answering"),
    [
        ([ANSWERS, ANSWERS], EndpointState.LIVE, 2, "model/delay@1"),
        ([ANSWERS, REFUSES], EndpointState.LIVE, 1, "model/delay@1"),
        ([EARLIER, REFUSES], EndpointState.FAILED, 0, "model/delay@0"),
        ([EARLIER | REFUSES], EndpointState.FAILED, 0, "model/delay@0"),
        ([EARLIER, {}], EndpointState.LOADING, 0, "model/delay@0"),
        ([EARLIER | REFUSES | {"refused": "release/delay@0"}], EndpointState.LOADING, 0, "model/delay@0"),
        ([{}], EndpointState.LOADING, 0, None),
        ([], EndpointState.DOWN, 0, None),
    ],
)
def test_what_many_servers_say_comes_to_one_state(promoted, servers, state, ready, answering):
    found = promoted(*servers)
    assert (found.state, found.serving.ready, found.serving.model) == (state, ready, answering)
    assert found.serving.servers == len(servers)
    assert found.serving.current is (state is EndpointState.LIVE)
    assert bool(found.serving.why) is (ready < max(len(servers), 1))


def test_a_server_that_died_is_not_counted_on(promoted):
    almost, over = replicas.ALIVE_FOR, replicas.ALIVE_FOR + timedelta(seconds=1)
    assert promoted(ANSWERS, after=almost).state is EndpointState.LIVE
    assert promoted(ANSWERS, after=over).state is EndpointState.DOWN


def test_a_heartbeat_keeps_a_server_and_one_that_leaves_takes_its_rows(workspace, promoted):
    promoted(ANSWERS)
    later = workspace.clock.now() + replicas.ALIVE_FOR * 2
    with workspace.db.write() as tx:
        assert replicas.alive(tx, ["delay"], later) == []
        replicas.heartbeat(tx, "s0", later)
        assert [each.server for each in replicas.alive(tx, ["delay"], later)] == ["s0"]
        replicas.remove_server(tx, "s0", later)
        assert replicas.alive(tx, ["delay"], later) == []


def test_a_retired_endpoint_answers_no_more_and_is_told_of_no_more(workspace, service, live):
    live(1)
    wait_for(workspace, "endpoint.serving")
    specs.retire(workspace, name="delay")
    changed = service._deployments.changed
    with changed:
        assert changed.wait_for(lambda: "delay" not in service._deployments.slots, 60)
    assert service.predict("delay", b'{"row": {"hour": 5, "distance": 0.5}}').status == 404
    with workspace.read() as tx:
        assert replicas.alive(tx, ["delay"], workspace.clock.now()) == []


def test_what_waits_for_another_model_to_load_is_loading_too(workspace, register, shelf):
    register(1)
    for name in ("delay", "second"):
        create(workspace, name=name, model="delay")
        switch(workspace, name=name, model_ref="model/delay@1", release_ref=f"release/{name}@1")
    shelf.gate = threading.Event()
    service = PredictionService(workspace, load=shelf.load)
    service.start()
    try:
        assert shelf.asked.wait(60)
        assert {each.state for each in list_endpoints(workspace).items} == {EndpointState.LOADING}
    finally:
        shelf.gate.set()
        service.stop()


def test_a_server_that_was_forgotten_while_it_slept_is_known_again_at_its_next_beat(workspace, monkeypatch):
    create(workspace, name="delay", model="delay")
    reporter = Reporter(workspace)
    reporter.enroll("delay")
    with workspace.db.write() as tx:
        replicas.remove_server(tx, reporter.server, workspace.clock.now())
    turns = iter([False, True])
    monkeypatch.setattr(reporter._stop, "wait", lambda seconds: next(turns))
    reporter._beat()
    with workspace.read() as tx:
        assert [each.server for each in replicas.alive(tx, ["delay"], workspace.clock.now())] == [
            reporter.server
        ]
