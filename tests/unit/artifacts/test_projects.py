"""The log, the graph and the causes, as far as somebody may see."""

import threading

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru import errors
from meguru.api.native import native_routes
from meguru.app.nouns import load_operations
from meguru.artifacts.integrity.operations import list_references, verify_blobs
from meguru.artifacts.lineage import show as lineage
from meguru.artifacts.log import list_events, wait_event
from meguru.artifacts.why import show as why
from meguru.audit.verify import verify
from meguru.datasets.client import add_files
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.serving.operations import create

load_operations()


def add(ws, subject, cause=None, project="", type="endpoint.updated", **more):
    """Append an event as an operation of that project would."""
    with ws.db.write() as tx:
        told = events.append(
            tx,
            type=type,
            at=ws.clock.now(),
            actor="a",
            operation="o",
            subject=subject,
            project=project,
            cause=cause,
            data={"changes": {}},
            **more,
        )
    ws.notify()
    return told


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        create(workspace, name=f"{name}/delay", model=f"{name}/delay")
    return workspace


@pytest.fixture
def member(teams):
    return lambda role="viewer": teams.with_(
        principal=Principal(name="anna", grants={"team": permissions_of(role)})
    )


def test_the_log_shows_the_own_project_alone(teams, member):
    assert {each.project for each in list_events(member()).items} == {"team"}
    assert {each.project for each in list_events(teams).items} == {"team", "other"}
    assert {each.project for each in list_events(teams.with_(project="other")).items} == {"other"}
    assert list_events(member(), subject="endpoint/other/delay").items == []
    assert list_events(member().with_(project="other")).items == []


def test_pages_of_the_log_are_full_though_much_is_hidden(teams, member):
    for number in range(6):
        name = ("team", "other")[number % 2]
        add(teams, f"endpoint/{name}/delay", project=name)
    page = list_events(member(), limit=2)
    assert len(page.items) == 2
    rest = list_events(member(), limit=3, after=int(page.next_cursor))
    assert [each.project for each in rest.items] == ["team"] * 3
    assert rest.next_cursor == ""


def test_what_is_hidden_wakes_nobody(teams, member):
    seen = list_events(member(), limit=1, newest_first=True).items[0].seq
    hidden = add(teams, "endpoint/other/delay", project="other")
    assert wait_event(member(), after=seen, timeout=0) == seen
    assert wait_event(teams, after=seen, timeout=0) == hidden.seq
    found = []
    waiting = threading.Thread(
        target=lambda: found.append(wait_event(member(), after=seen, timeout=60)), daemon=True
    )
    waiting.start()
    add(teams, "endpoint/other/delay", project="other")
    shown = add(teams, "endpoint/team/delay", project="team")
    waiting.join(60)
    assert found == [shown.seq]


def test_the_graph_ends_where_one_may_not_see(teams, member):
    ref = "endpoint/team/delay"
    add(teams, ref, project="team", used=["dataset/team/x@1", "dataset/other/y@1"], produced=[ref])
    add(teams, ref, project="team", used=["dataset/team/w@1"], produced=["dataset/other/y@1"])
    add(teams, ref, project="team", used=[ref], produced=["dataset/other/z@1", "dataset/v@1"])
    shown = lineage(member(), ref=ref)
    assert [(each.source, each.target) for each in shown.edges] == [("dataset/team/x@1", ref)]
    assert len(lineage(teams, ref=ref).edges) == 5
    assert lineage(teams.with_(project="team"), ref="endpoint/delay").ref == ref


def test_the_graph_and_the_causes_of_what_is_hidden_are_not_there(teams, member):
    for show in (lineage, why):
        said = set()
        for ref in (
            "endpoint/other/delay",
            "endpoint/othex/delay",
        ):  # the second is as like a name that is shown
            with pytest.raises(errors.NotFound) as refused:
                show(member(), ref=ref)
            said.add(str(refused.value.as_dict()).replace(ref.partition("/")[2], "NAME"))
        assert len(said) == 1
    assert why(member(), ref="endpoint/team/delay").chain[-1].subject == "endpoint/team/delay"
    with pytest.raises(errors.NotFound) as refused:
        why(member(), ref="endpoint/team/dely")
    assert "other" not in str(refused.value.as_dict())
    assert "'team/delay'" in refused.value.hint


def test_a_chain_of_causes_ends_where_one_may_not_see(teams, member):
    first = add(teams, "endpoint/other/delay", project="other")
    second = add(teams, "endpoint/team/delay", first.id, project="team", type="endpoint.updated")
    assert [each.event for each in why(teams, ref=second.id).chain] == [first.id, second.id]
    assert [each.event for each in why(member(), ref=second.id).chain] == [second.id]
    for id in (first.id, "evt-nothing"):
        with pytest.raises(errors.NotFound):
            why(member(), ref=id)


def test_what_tells_of_all_projects_needs_the_right_in_all(teams, member):
    digest = teams.blobs.put_bytes(b"x")
    for ask in (
        verify,
        list_references,
        lambda ws: verify_blobs(ws, blobs=[digest]),
    ):
        with pytest.raises(errors.Forbidden) as refused:
            ask(member("owner"))
        assert refused.value.lacks == "audit:read"
        ask(teams.with_(principal=Principal(name="eve", permissions=frozenset({"*:read"}))))
    with teams.read() as tx:
        assert events.latest(tx, subject="principal/anna").type == "access.denied"


def test_a_hidden_event_is_no_cause(teams, member, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    shown = add(teams, "endpoint/team/delay", project="team")
    hidden = add(teams, "endpoint/other/delay", project="other")
    said = set()
    for cited in (hidden.id, "evt-nothing"):
        ws = member("engineer")
        ws.cited = cited
        with pytest.raises(errors.InvalidInput) as refused:
            add_files(ws, "team/x", tmp_path / "a.csv")
        said.add(str(refused.value.as_dict()).replace(cited, "ID"))
    assert len(said) == 1
    ws = member("engineer")
    ws.cited = shown.id
    add_files(ws, "team/x", tmp_path / "a.csv")
    with teams.read() as tx:
        assert events.latest(tx, subject="dataset/team/x@1").cause == shown.id
    ws = member("data-scientist")
    ws.cited = shown.id
    with pytest.raises(errors.Forbidden):
        add_files(ws, "team/x", tmp_path / "a.csv")


def test_a_blob_is_read_by_who_has_its_digest_and_may_read_blobs_somewhere(teams):
    digest = teams.blobs.put_bytes(b"bytes of whatever project")
    status = {}
    for role in ("viewer", "guest"):
        ws = teams.with_(principal=Principal(name="anna", grants={"team": permissions_of(role)}))

        async def app(scope, receive, send, ws=ws):
            await Starlette(routes=native_routes())(scope | {"state": {"workspace": ws}}, receive, send)

        status[role] = TestClient(app).get(f"/api/v1/blobs/{digest}").status_code
    assert status == {"viewer": 200, "guest": 403}
