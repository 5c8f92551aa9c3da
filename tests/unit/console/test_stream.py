"""The log as server-sent events."""

from __future__ import annotations

import asyncio
import json

from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.console.routes import routes
from meguru.console.stream import Live, follow
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace
from meguru.tracking import runs


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
        (event,) = await asyncio.wait_for(waiting, 10)
        assert event["type"] == "run.finished"
        assert event["subject"] == run.ref
        assert set(event) == {"seq", "type", "subject", "at"}
        await found.aclose()
        assert not live._bells

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
        return await asyncio.wait_for(rest, 5)

    async def _rest(found: object) -> list[bytes]:
        return [chunk async for chunk in found]  # type: ignore[attr-defined]

    assert asyncio.run(scene()) == []


def test_a_stream_goes_on_where_the_browser_stopped(workspace: Workspace):
    load_operations()
    app = Starlette(routes=routes(lambda _: workspace, Live(life=0.2, quiet=0.1)))
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
