"""A webhook is of a project: seen and changed there, and told of what happens there."""

import pytest

from meguru import errors
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.operations import Context, Operation
from meguru.kernel.principals import Principal
from meguru.webhooks.operations import create, delete, deliveries, list_webhooks, show, try_out, update

TOPICS = ["model_version_alias.created"]


def _say(ctx: Context, *, model: str) -> None:
    moved = {"alias": "best", "model": f"model/{model}@1", "before": None, "reason": ""}
    ctx.emit("model_alias.moved", f"model/{model}@1", data=moved)


SAY = Operation(_say, "test.say", "test:write", query=False, evented=True)


@pytest.fixture
def teams(ws):
    for name in ("team", "other"):
        projects.declare(ws, name=name, spec=ProjectSpec())
    return ws


def member(ws, role, project="team"):
    return ws.with_(principal=Principal(name="anna", grants={project: permissions_of(role)}))


def make(ws, receiver, **given):
    return create(ws, name="chat", url=receiver.url, topics=TOPICS, **given)


def test_it_is_told_of_its_own_project_alone(teams, receiver, settle):
    own = make(member(teams, "engineer").with_(project="team"), receiver)
    root = make(teams, receiver)
    assert (own.project, root.project) == ("team", "")
    for model in ("team/delay", "other/late", "fare"):
        teams.execute(SAY, {"model": model})
    settle()
    told = {each.webhook: each for hook in (own, root) for each in deliveries(teams, webhook=hook.id)}
    assert set(told) == {own.id, root.id}
    # A model is named as the project's own MLflow clients name it.
    assert sorted(each["data"]["name"] for each in receiver.bodies()) == ["delay", "fare"]


def test_its_events_are_of_its_project(teams, receiver):
    hook = make(teams, receiver, project="team")
    update(teams, webhook=hook.id, description="d")
    delete(teams, webhook=hook.id)
    with teams.read() as tx:
        told = events.read(tx, types=("webhook.created", "webhook.changed", "webhook.removed"))
    assert [(each.type, each.project) for each in told] == [
        ("webhook.created", "team"),
        ("webhook.changed", "team"),
        ("webhook.removed", "team"),
    ]


def test_anothers_is_not_there_by_id_or_by_name(teams, receiver):
    theirs = make(teams, receiver, project="other")
    anna = member(teams, "engineer")
    for named in (theirs.id, "chat"):
        for ask in (show, deliveries, update, delete, try_out):
            with pytest.raises(errors.NotFound):
                ask(anna, webhook=named)
    assert list_webhooks(anna) == []
    mine = make(anna, receiver, project="team")
    assert show(anna, webhook="chat").id == mine.id
    assert [each.id for each in list_webhooks(anna)] == [mine.id]
    assert receiver.calls == []


def test_who_may_only_look_makes_and_changes_none(teams, receiver):
    hook = make(teams, receiver, project="team")
    viewer = member(teams, "viewer")
    assert show(viewer, webhook=hook.id).id == hook.id
    for ask in (
        lambda: make(viewer, receiver, project="team"),
        lambda: make(viewer.with_(project="team"), receiver),
        lambda: make(viewer, receiver),
        lambda: delete(viewer, webhook=hook.id),
    ):
        with pytest.raises(errors.Forbidden):
            ask()


def test_none_is_made_where_its_maker_has_no_role(teams, receiver):
    anna = member(teams, "engineer")
    for project in ("other", "default"):
        with pytest.raises(errors.NotFound):
            make(anna, receiver, project=project)
    with pytest.raises(errors.NotFound):
        make(teams, receiver, project="nowhere")


def test_mlflows_door_at_the_root_is_the_default_projects(teams, receiver, client):
    theirs, root = make(teams, receiver, project="team"), make(teams, receiver)
    path = "/api/2.0/mlflow/webhooks"
    assert [each["webhook_id"] for each in client.get(path).json()["webhooks"]] == [root.id]
    assert client.get(f"{path}/{root.id}").status_code == 200
    assert client.get(f"{path}/{theirs.id}").status_code == 404
    own = client.get(f"/projects/team{path}").json()["webhooks"]
    assert [each["webhook_id"] for each in own] == [theirs.id]


def test_who_may_not_in_a_project_makes_none_there(teams, receiver):
    engineer = member(teams, "engineer")
    for project in ("other", "default"):
        with pytest.raises((errors.NotFound, errors.Forbidden)):
            make(engineer, receiver, project=project)
    with pytest.raises(errors.Forbidden) as refused:
        make(member(teams, "viewer"), receiver, project="team")
    assert refused.value.lacks == "webhook:write"
    assert list_webhooks(teams) == []
