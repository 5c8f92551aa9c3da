"""The log as server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.artifacts.log import list_events
from meguru.console import live
from meguru.console.live import Listener, Live, poll_points
from meguru.console.routes import routes
from meguru.console.stream import follow
from meguru.errors import Busy, Unauthenticated
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace
from meguru.serving.operations import create
from meguru.tracking import runs
from meguru.tracking.types import MetricPoint


@pytest.fixture(autouse=True)
def last_looks(workspace: Workspace) -> Iterator[None]:
    """Wait for the threads that wake streams: each looks once more after its last stream has gone."""
    yield
    for thread in threading.enumerate():
        if thread.name == "console-live":
            thread.join(60)


def messages(text: str) -> list[dict[str, object]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def _next_messages(found: object) -> list[dict[str, object]]:
    while True:
        if got := messages((await anext(found)).decode()):  # type: ignore[call-overload]
            return got


def test_a_stream_gives_what_happened_since_then_what_comes(workspace: Workspace):
    load_operations()
    run = runs.start(workspace)

    async def scene() -> None:
        live = Live()
        found = follow(live, workspace, 1)
        assert [item["type"] for item in await _next_messages(found)] == ["run.started"]
        waiting = asyncio.ensure_future(_next_messages(found))
        await asyncio.to_thread(lambda: runs.finish(workspace, run=run.id))
        (event,) = await asyncio.wait_for(waiting, 60)
        assert event["type"] == "run.finished"
        assert event["subject"] == run.ref
        assert set(event) == {"seq", "type", "subject", "at"}
        await found.aclose()
        assert not live._listeners

    asyncio.run(scene())


def test_closing_ends_every_stream_at_once(workspace: Workspace):
    load_operations()

    async def scene() -> list[bytes]:
        live = Live()
        found = follow(live, workspace, 0)
        assert (await anext(found)).startswith(b"retry")
        rest = asyncio.ensure_future(_rest(found))
        await asyncio.sleep(0)
        live.close()
        return await asyncio.wait_for(rest, 60)

    async def _rest(found: object) -> list[bytes]:
        return [chunk async for chunk in found]  # type: ignore[attr-defined]

    assert asyncio.run(scene()) == []


def test_a_stream_goes_on_where_the_browser_stopped(workspace: Workspace):
    load_operations()
    app = Starlette(routes=routes(lambda _: workspace, Live(life=0.5, quiet=0.1)))
    browser = TestClient(app)
    for _ in range(3):
        runs.start(workspace)
    first = browser.get("/ui/stream?after=0")
    assert first.headers["content-type"].startswith("text/event-stream")
    assert [item["seq"] for item in messages(first.text)] == [1, 2, 3, 4]
    again = browser.get("/ui/stream?after=0", headers={"Last-Event-ID": "3"})
    assert [item["seq"] for item in messages(again.text)] == [4]
    assert messages(browser.get("/ui/stream?after=nonsense").text) == []


def test_who_may_not_read_the_log_gets_no_stream(workspace: Workspace):
    load_operations()
    stranger = workspace.with_(
        principal=Principal(name="service", permissions=frozenset({"endpoint:predict"}))
    )
    with TestClient(Starlette(routes=routes(lambda _: stranger))) as client:
        assert client.get("/ui/stream").status_code == 403
        page = client.get("/ui/events")
        assert page.status_code == 403
        assert "MG-201" in page.text


def test_points_of_a_watched_run_are_hinted_at_and_are_no_event(workspace: Workspace):
    load_operations()
    run = runs.start(workspace)
    other = runs.start(workspace)

    def log(which: str, step: int) -> None:
        runs.log(workspace, run=which, metrics=[MetricPoint(key="loss", value=1.0, step=step)])

    async def scene() -> None:
        live = Live()
        found = follow(live, workspace, 9, {run.id: 0})
        waiting = asyncio.ensure_future(_next_messages(found))
        await asyncio.to_thread(log, other.id, 1)
        await asyncio.to_thread(log, run.id, 1)
        hint = {"type": "run.points", "subject": run.ref}
        assert await asyncio.wait_for(waiting, 60) == [hint]
        await asyncio.to_thread(log, run.id, 2)
        assert await asyncio.wait_for(_next_messages(found), 60) == [hint]
        await found.aclose()

    asyncio.run(scene())
    assert {event.type for event in list_events(workspace).items} == {"experiment.created", "run.started"}


def test_a_page_that_has_fewer_points_than_there_are_is_told_at_once(workspace: Workspace):
    load_operations()
    run = runs.start(workspace)
    runs.log(workspace, run=run.id, metrics=[MetricPoint(key="loss", value=1.0, step=n) for n in range(3)])
    browser = TestClient(Starlette(routes=routes(lambda _: workspace, Live(life=1.5, quiet=0.1))))
    page = re.search(r'data-runs="([^"]+)"', browser.get(f"/ui/runs/{run.id}").text)
    assert page
    assert page[1] == f"{run.id}:3"
    told = [
        messages(browser.get("/ui/stream", params={"points": [f"{run.id}:{known}", "junk"]}).text)
        for known in (2, 3)
    ]
    assert told == [[{"type": "run.points", "subject": run.ref}], []]
    runs.finish(workspace, run=run.id)
    assert 'data-runs=""' in browser.get(f"/ui/runs/{run.id}").text


def test_who_may_not_see_runs_can_not_watch_them(workspace: Workspace):
    load_operations()
    reader = workspace.with_(principal=Principal(name="auditor", permissions=frozenset({"event:read"})))
    with TestClient(Starlette(routes=routes(lambda _: reader, Live(life=0.1, quiet=0.1)))) as client:
        assert client.get("/ui/stream").status_code == 200
        assert client.get("/ui/stream?points=run-x:1").status_code == 403


def test_a_stream_tells_nothing_of_projects_that_its_reader_may_not_see(workspace: Workspace):
    load_operations()
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        create(workspace, name=f"{name}/delay", model=f"{name}/delay")
    anna = Principal(name="anna", grants={"team": frozenset({"*:read"})})
    app = Starlette(routes=routes(lambda _: workspace.with_(principal=anna), Live(life=0.5, quiet=0.1)))
    told = messages(TestClient(app).get("/ui/stream?after=0").text)
    assert {item["subject"] for item in told} == {"project/team", "endpoint/team/delay"}

    async def scene() -> None:
        found = follow(Live(), workspace.with_(principal=anna), int(str(told[-1]["seq"])))
        waiting = asyncio.ensure_future(_next_messages(found))
        await asyncio.to_thread(lambda: create(workspace, name="other/price", model="other/price"))
        await asyncio.to_thread(lambda: create(workspace, name="team/price", model="team/price"))
        (event,) = await asyncio.wait_for(waiting, 60)
        assert event["subject"] == "endpoint/team/price"
        await found.aclose()

    asyncio.run(scene())


def test_tokens_of_one_principal_are_counted_apart(workspace: Workspace):
    run = runs.start(workspace).id

    async def scene() -> list[bool]:
        wide = Principal(name="anna", permissions=frozenset({"*:read"}))
        narrow = Principal(name="anna", permissions=frozenset({"*:read"}), scope=frozenset({"event:read"}))
        open_tabs = [Listener(workspace.with_(principal=each), {run: 9}) for each in (narrow, wide)]
        heard = poll_points(open_tabs)
        return [each in heard for each in open_tabs]

    assert asyncio.run(scene()) == [False, True]


def test_a_reader_whose_rights_change_is_told_no_more_than_they_may_see_by_then(workspace: Workspace):
    load_operations()
    rights = {"now": frozenset({"*:read"})}
    principals = workspace.with_(principal=Principal(name="ana", permissions=rights["now"]))

    def readmit() -> Principal:
        if not rights["now"]:
            raise Unauthenticated("the token is not valid")
        return Principal(name="ana", permissions=rights["now"])

    async def scene() -> None:
        live = Live()
        found = follow(live, principals, 0, readmit=readmit)
        await asyncio.to_thread(lambda: runs.start(workspace))
        assert await _next_messages(found)
        rights["now"] = frozenset()
        await asyncio.to_thread(lambda: runs.start(workspace))
        assert [part async for part in found if b"data" in part] == []
        assert not live._listeners

    asyncio.run(scene())


def test_streams_hear_of_events_again_after_the_database_was_away_which_is_logged_once(
    workspace: Workspace, monkeypatch, caplog
):
    load_operations()
    monkeypatch.setattr(live, "PACE", 0.01)
    known, failed, left = events.wait, threading.Event(), iter(range(3))

    def away(*given, **named):
        if next(left, None) is not None:
            raise Busy("the database is away")
        failed.set()
        return known(*given, **named)

    monkeypatch.setattr(events, "wait", away)

    async def scene() -> None:
        found = follow(Live(), workspace, 9)
        waiting = asyncio.ensure_future(_next_messages(found))
        assert await asyncio.to_thread(failed.wait, 60)
        await asyncio.to_thread(lambda: [runs.start(workspace) for _ in range(10)])
        assert (await asyncio.wait_for(waiting, 60))[0]["seq"] == 10
        await found.aclose()

    asyncio.run(scene())
    logged = [each for each in caplog.records if each.name == live.__name__]
    assert [(each.levelname, bool(each.exc_info)) for each in logged] == [("ERROR", True), ("WARNING", False)]
