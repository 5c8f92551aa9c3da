"""Every door that is no operation, asked at by every role: pages, forms, the stream, endpoints, blobs."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest

from meguru.console.routes import all_forms, all_pages
from meguru.testing.authorisation.doors import DOORS, AskedDoor, DoorWalk
from meguru.testing.authorisation.world import FOREIGN, MARKS

FORMS = {
    **{
        path: AskedDoor(
            path=path.replace("{name}", "{thing}").replace("{version}", "1"),
            permission="card:write",
            kind=kind,
            form="do=edit&part=caveats&text=a",
        )
        for path, kind in (
            ("/ui/models/{name}/{version}/card/edit", "model"),
            ("/ui/datasets/{name}/{version}/card/edit", "dataset"),
            ("/ui/endpoints/{name}/card/edit", "endpoint"),
        )
    },
    "/ui/alerts/{id}/edit": AskedDoor(
        path="/ui/alerts/{thing}/edit",
        permission="alert:write",
        kind="alert",
        form="do=acknowledge&note=a",
    ),
    "/ui/incidents/{id}/edit": AskedDoor(
        path="/ui/incidents/{thing}/edit",
        permission="incident:write",
        kind="incident",
        form="do=note&text=a",
    ),
    "/ui/pipelines/versions/{name}/{version}": AskedDoor(
        path="/ui/pipelines/versions/{thing}/1",
        permission="pipeline:deploy",
        kind="pipeline",
        form="do=deploy&reason=a",
    ),
    "/ui/experiments/{key}/edit": AskedDoor(
        path="/ui/experiments/{thing}/edit",
        permission="experiment:write",
        kind="experiment",
        form="do=note&note=a",
    ),
    "/ui/quarantine/{id}/edit": AskedDoor(
        path="/ui/quarantine/{thing}/edit",
        permission="quarantine:refuse",
        kind="quarantine",
        form="do=refuse&reason=a",
    ),
    "/ui/endpoints/{name}/waive/edit": AskedDoor(
        path="/ui/endpoints/{thing}/waive/edit",
        permission="waiver:request",
        kind="endpoint",
        form="release=1&gate=size&reason=a&until=2030-01-01",
    ),
    "/ui/checklists/{name}/edit": AskedDoor(
        path="/ui/checklists/{thing}/edit",
        permission="checklist:answer",
        kind="checklist",
        form="model=&item=some&answer=yes",
    ),
    "/ui/waivers/{id}/edit": AskedDoor(
        path="/ui/waivers/{thing}/edit", permission="waiver:grant", kind="waiver", form="do=deny&note=a"
    ),
    "/ui/releases/{name}/{version}/edit": AskedDoor(
        path="/ui/releases/{thing}/1/edit",
        permission="release:write",
        kind="endpoint",
        form="do=request&note=a",
    ),
    "/ui/runs/{id}/edit": AskedDoor(
        path="/ui/runs/{thing}/edit", permission="run:admin", kind="run", form="do=note&note=a"
    ),
}
REVIEW = AskedDoor(path="/ui/releases/{thing}/1", permission="release:read", kind="endpoint")
LISTS = {
    "/": "event:read",
    "/ui/alerts": "alert:read",
    "/ui/backfills": "backfill:read",
    "/ui/comments": "comment:read",
    "/ui/cards": "card:read",
    "/ui/costs": "cost:read",
    "/ui/summary": "summary:read",
    "/ui/datasets": "dataset:read",
    "/ui/endpoints": "monitor:read",  # what is measured is on the page
    "/ui/events": "event:read",
    "/ui/experiments": "run:read",
    "/ui/features": "feature_view:read",
    "/ui/find": "status:read",
    "/ui/incidents": "incident:read",
    "/ui/models": "model:read",
    "/ui/pipelines/runs": "pipeline_run:read",
    "/ui/predictions": "prediction:read",
    "/ui/quarantine": "quarantine:read",
    "/ui/runs": "run:read",
    "/ui/sweeps": "sweep:read",
    "/ui/triggers": "trigger:read",
    "/ui/waivers": "waiver:read",
    "/ui/checklists": "checklist:read",
}
"""The pages that name no thing, by what their reader needs."""
THINGS = {
    "/ui/alerts/": "alert",
    "/ui/comments/": "comment",
    "/ui/incidents/": "incident",
    "/ui/backfills/": "backfill",
    "/ui/business-metrics/": "business_metric",
    "/ui/cards/": "card",
    "/ui/datasets/": "dataset",
    "/ui/endpoints/": "endpoint",
    "/ui/experiments/": "experiment",
    "/ui/features/entities/": "entity",
    "/ui/features/services/": "feature_service",
    "/ui/features/views/": "feature_view",
    "/ui/models/": "model",
    "/ui/monitors/": "monitor",
    "/ui/pipelines/runs/": "pipeline_run",
    "/ui/pipelines/versions/": "pipeline",
    "/ui/predictions/": "prediction",
    "/ui/quarantine/": "quarantine",
    "/ui/reports/": "report",
    "/ui/runs/": "run",
    "/ui/sweeps/": "sweep",
    "/ui/waivers/": "waiver",
    "/ui/checklists/": "checklist",
}
"""What kind of thing a page shows, by the beginning of its path."""
ELSEWHERE = {
    "/ui/comments/edit": "comment.add, comment.edit and comment.remove are walked with the operations",
    "/ui/datasets/{name}/{version}/thumbnail": "dataset.thumbnail is walked with the operations",
    "/ui/erasures": "erasure.list is walked with the operations",
    "/ui/erasures/edit": "dataset.erase is walked with the operations",
    "/ui/environments": "it shows of each environment what the reader may see there",
    "/ui/events/{id}": "why.show is walked with the operations",
    "/ui/runs/compare": "run.compare is walked with the operations",
    "/ui/runs/compare/charts": "run.compare is walked with the operations",
    "/ui/mlflow/{rest:path}": "it leads on to other pages",
    "/ui/labelling/{name}": "labelling.next is walked with the operations",
    "/ui/labelling/{name}/edit": "who may label and decide is tested with the page and the noun",
    "/ui/inbox": "everybody reads their own",
    "/ui/inbox/edit": "the same",
    "/ui/login": "everybody may let a command line in as themselves, with at most what they may do",
    "/ui/login/edit": "the same",
    "/ui/access": "everybody may read there what they may do; the lists on it are walked with the operations",
    "/ui/access/edit": "grant.declare and grant.retire are walked with the operations",
    "/ui/reviews": "release policies are of all projects; release.awaiting is walked with the operations",
    "/ui/audit": "what is asked there are operations, which are walked; the page says who may ask",
    "/ui/projects": "who may make a project is tested with the page",
    "/ui/projects/{name}/edit": "who may change a project is tested with the page",
    "/ui/projects/{name}": "who may see a project is tested with the page",
}


def page_door(path: str) -> AskedDoor:
    if path in LISTS:
        return AskedDoor(path=path, permission=LISTS[path])
    if path == "/ui/releases/{name}/{version}":
        return REVIEW
    if path == "/ui/releases/{name}/{version}/evidence":
        return AskedDoor(path="/ui/releases/{thing}/1/evidence", permission="evidence:read", kind="endpoint")
    kind = next((kind for begin, kind in THINGS.items() if path.startswith(begin)), "")
    assert kind, f"{path}: say in LISTS or THINGS what its reader needs, or in ELSEWHERE why it is not asked"
    address = path
    for part, value in (("{name}", "{thing}"), ("{id}", "{thing}"), ("{key}", "{thing}"), ("{version}", "1")):
        address = address.replace(part, value)
    permission = "monitor:read" if kind == "endpoint" else f"{kind}:read"
    return AskedDoor(path=address, permission=permission, kind=kind)


PAGES = [page_door(path) for path in all_pages() if path not in ELSEWHERE]


@pytest.fixture(scope="module")
def walk(matrix):
    matrix.restore()
    return DoorWalk(*matrix)


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize(
    "door", [*PAGES, *FORMS.values(), *DOORS], ids=lambda door: f"{door.method} {door.path}"
)
def test_everybody_is_answered_at_each_door_what_is_due(walk, door):
    assert list(walk.faults(door)) == []
    assert list(walk.unknown(door)) == []


def crawled(walk, person):
    """Yield what the first page leads to, page by page: of addresses that differ by a name or an id, two."""
    names, seen, alike = "|".join(MARKS.values()), set(), {}
    waiting = [("/", "")]
    while waiting:
        path, before = waiting.pop(0)
        kind = re.sub(rf"projects/\w+|({names}|[a-z]+-[0-9a-z]{{26}})[^/?&]*|%\w\w|\d+", "*", path)
        if path in seen or alike.get(kind, 0) == 2 or path.startswith(("/ui/static", "/sign")):
            continue
        seen.add(path)
        alike[kind] = alike.get(kind, 0) + 1
        answer = walk.client.ask("GET", path, token=person.token, headers={"accept": "text/html"})
        yield path, before, answer
        leads = re.findall(r'<a [^>]*href="([^"#]+)', answer.text)
        waiting += [(urljoin(path, unescape(each)), path) for each in leads if "lang=" not in each]


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("name", ["own-viewer", "plain-owner"])
def test_what_pages_lead_to_is_there_and_tells_of_nothing_that_one_may_not_see(walk, name):
    person = next(each for each in walk.world.people if each.name == name)
    pages = list(crawled(walk, person))
    assert len(pages) > 60
    assert [(path, before) for path, before, answer in pages if answer.status >= 400] == []
    told = {path: walk.world.betrayed(FOREIGN, answer.text) for path, _, answer in pages}
    assert {path: each for path, each in told.items() if each} == {}


@pytest.mark.integration
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_each_door_of_a_database_server_too(shared_matrix):
    walk = DoorWalk(*shared_matrix)
    lasting = "stream"  # it would go on after its database
    doors = [*PAGES, *FORMS.values(), *(each for each in DOORS if lasting not in each.path)]
    assert [fault for door in doors for fault in (*walk.faults(door), *walk.unknown(door))] == []


def test_every_form_is_asked_for_or_has_a_reason():
    assert set(all_forms()) == {*FORMS, *(path for path in ELSEWHERE if path in all_forms())}


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("path", ["/openapi.json", "/openapi-mlflow.json", "/metrics", "/version"])
def test_what_is_of_no_project_is_told_to_whoever_has_a_token(walk, path):
    for person in walk.world.people:
        answer = walk.client.ask("GET", path, token=person.token)
        assert answer.status == 200
        if not person.may("endpoint:read", FOREIGN):
            assert not walk.world.betrayed(FOREIGN, answer.text)
    assert list(walk.unknown(AskedDoor(path=path, permission=""))) == []


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize(
    ("place", "door"),
    [
        ("meguru.api.native.blobs.require", DOORS[1]),
        ("meguru.api.native.blobs.require", DOORS[3]),
        ("meguru.serving.asgi._refuse", DOORS[4]),
        ("meguru.serving.asgi._refuse", DOORS[6]),
        ("meguru.kernel.operations.execute.authorise", PAGES[0]),
        ("meguru.kernel.operations.execute.authorise", FORMS["/ui/runs/{id}/edit"]),
    ],
)
def test_a_door_that_does_not_ask_is_found(walk, monkeypatch, place, door):
    monkeypatch.setattr(place, lambda *_args, **_more: "")  # the project that must be there: none
    assert next(walk.faults(door), None) is not None


@pytest.mark.xdist_group("matrix")
def test_lists_show_what_only_some_may_see_or_the_walk_would_be_blind(walk):
    for path, permission in LISTS.items():
        assert list(walk.faults(AskedDoor(path=path, permission=permission))) == []
    assert set(LISTS) - walk.telling == {"/ui/predictions"}, "it shows those of one endpoint"
