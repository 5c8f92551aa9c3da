"""The first page says what needs a person: what does not answer, what was refused and not seen yet."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from meguru.console import attention
from meguru.console.attention import FRESH, STATES_TELL
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.kernel import events
from meguru.kernel.kinds import event_types
from meguru.kernel.workspace import Workspace
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.serving import operations as endpoints
from meguru.serving import replicas
from meguru.serving.types import Replica
from meguru.testing.models import make_model


@pytest.fixture
def promoted(workspace: Workspace) -> str:
    """An endpoint with a promoted model; no server runs."""
    model = add_model(workspace, "delay", make_model()).ref
    endpoints.create(workspace, name="delay", model="delay")
    made = releases.create(workspace, endpoint="delay", model=model)
    releases.check(workspace, release=made.ref)
    return releases.promote(workspace, release=made.ref).ref


def answer_with(workspace: Workspace, release: str, **more: object) -> None:
    now = workspace.clock.now()
    row = Replica(endpoint="delay", server="here", seen_at=now, since=now, **more)
    with workspace.db.write() as tx:
        replicas.put(tx, row)


def test_all_is_well_only_while_what_was_promoted_answers(
    workspace: Workspace, browser: TestClient, promoted: str
):
    page = browser.get("/").text
    assert "delay does not answer with model/delay@1" in page
    assert "No server serves it now." in page
    assert "All is well" not in page
    answer_with(workspace, promoted, model_ref="model/delay@1", release_ref=promoted)
    page = browser.get("/").text
    assert "All is well" in page
    assert "answers since" in page


@pytest.mark.parametrize("path", ["/", "/ui/endpoints", "/ui/endpoints/delay"])
def test_what_no_server_can_serve_is_said_with_what_still_answers(
    workspace: Workspace, browser: TestClient, promoted: str, path: str
):
    fault = {"code": "MG-500", "what": "skops is not installed"}
    answer_with(
        workspace,
        promoted,
        model_ref="model/delay@0",
        release_ref="release/delay@0",
        fault=fault,
        refused=promoted,
    )
    page = browser.get(path).text
    assert "model/delay@1 can&#39;t be served: skops is not installed" in page
    assert "model/delay@0 still answers." in page
    assert "All is well" not in page


def test_a_refusal_needs_a_person_until_it_was_seen_or_a_newer_release_is_there(
    workspace: Workspace, browser: TestClient, promoted: str
):
    answer_with(workspace, promoted, model_ref="model/delay@1", release_ref=promoted)
    other = add_model(workspace, "delay", make_model(columns=("hour", "wind", "snow"))).ref
    refused = releases.create(workspace, endpoint="delay", model=other)
    releases.check(workspace, release=refused.ref)
    page = browser.get("/").text
    assert "model/delay@2 was refused for delay" in page
    assert f"meguru release acknowledge {refused.ref}" in page
    releases.acknowledge(workspace, release=refused.ref)
    assert "All is well" in browser.get("/").text
    assert "seen by local" in browser.get("/ui/endpoints/delay").text
    again = releases.create(workspace, endpoint="delay", model=other)
    releases.check(workspace, release=again.ref)
    assert "was refused for delay" in browser.get("/").text
    releases.create(workspace, endpoint="delay", model=other)
    assert "was refused for delay" not in browser.get("/").text


def test_the_page_of_a_model_says_where_it_does_not_answer(
    workspace: Workspace, browser: TestClient, promoted: str
):
    assert 'class="badge bad">down' in browser.get("/ui/models/delay").text
    answer_with(workspace, promoted, model_ref="model/delay@1", release_ref=promoted)
    assert 'class="badge bad">down' not in browser.get("/ui/models/delay").text


def test_the_list_of_models_says_where_each_is_live(workspace: Workspace, browser: TestClient, promoted: str):
    add_model(workspace, "other", make_model())
    rows = browser.get("/ui/models").text.split("<tr")
    delay, other = (next(row for row in rows if f"/ui/models/{name}" in row) for name in ("delay", "other"))
    assert "/ui/endpoints/delay" in delay
    assert ">@1<" in delay
    assert 'class="badge bad">down' in delay
    assert "/ui/endpoints/" not in other


def test_every_event_that_needs_a_person_is_on_the_first_page(workspace, browser):
    """By the state of a thing where one tells it, else as the last that happened to it."""
    declared = {name for name, each in event_types().items() if each.needs_person}
    assert declared >= STATES_TELL
    assert "backfill.failed" in declared - STATES_TELL
    data = {"pipeline": "daily", "counts": {"failed": 1}, "reason": "1 of 3 partitions failed"}
    now = workspace.clock.now()
    with workspace.db.write() as tx:
        happened(tx, "backfill.failed", "backfill/bf-1", now, data)
        happened(tx, "backfill.failed", "backfill/bf-2", now - 2 * FRESH, data)
    page = browser.get("/").text
    assert "backfill/bf-1 failed" in page
    assert "1 of 3 partitions failed" in page
    assert "meguru why backfill/bf-1" in page
    assert "backfill/bf-2 failed" not in page.partition("What happened last")[0]
    japanese = browser.get("/", headers={"Accept-Language": "ja"}).text
    assert "backfill/bf-1が失敗した" in japanese
    with workspace.db.write() as tx:
        happened(tx, "backfill.retried", "backfill/bf-1", now, {"partitions": ["1"], "version": 1})
    assert "meguru why backfill/bf-1" not in browser.get("/").text


def happened(tx, kind, subject, at, data):
    events.append(tx, type=kind, at=at, actor="local", operation="test", subject=subject, data=data)


def test_a_review_that_is_not_among_the_newest_is_not_told_as_a_release_that_may_go_live(
    workspace: Workspace, browser: TestClient, promoted: str, monkeypatch: pytest.MonkeyPatch
):
    policies.declare(workspace, name="two", spec=ReleasePolicySpec(endpoints=["delay"], approvals=2))
    made = releases.create(workspace, endpoint="delay", model="model/delay@1", note="again").ref
    releases.check(workspace, release=made)
    releases.request(workspace, release=made)
    monkeypatch.setattr(attention, "awaiting", lambda *_, **__: [])
    page = browser.get("/").text
    assert f"{made} waits for a review" in page
    assert "waits to go live" not in page
