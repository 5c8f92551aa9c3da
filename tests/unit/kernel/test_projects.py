"""Names are of projects; what one may not see is not there."""

import pytest

from meguru import errors
from meguru.app.nouns import load_operations
from meguru.app.open import open_local, open_workspace
from meguru.artifacts.log import list_events
from meguru.base.settings import Settings
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, list_members, list_projects, revoke
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import create, list_endpoints, show, specs

load_operations()


@pytest.fixture
def two(workspace):
    """Two projects with an endpoint each, and one endpoint in the default project."""
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec(description=f"of {name}"))
        create(workspace, name=f"{name}/delay", model=f"{name}/delay")
    create(workspace, name="delay", model="delay")
    return workspace


@pytest.fixture
def anna(two):
    """Somebody who is an engineer in one project and nothing anywhere else."""
    create_principal(two, name="anna", role="guest")
    grant(two, name="team", principal="anna", role="engineer")
    secret = create_token(two, principal="anna").secret
    return two.with_(principal=authenticate(two, secret))


def names(ws):
    return [each.name for each in list_endpoints(ws).items]


def test_the_same_name_in_two_projects_is_two_things(two):
    assert names(two) == ["delay", "other/delay", "team/delay"]
    assert show(two, name="endpoint/team/delay").endpoint.model == "team/delay"


def test_a_bare_name_is_of_the_project_one_works_in(two):
    within = two.with_(project="team")
    assert show(within, name="delay").endpoint.name == "team/delay"
    assert show(within, name="default/delay").endpoint.name == "delay"
    assert show(within, name="other/delay").endpoint.name == "other/delay"
    assert names(within) == ["team/delay"]
    assert create(within, name="price", model="price").model == "team/price"


def test_a_project_has_to_be_there_before_something_is_made_in_it(workspace):
    with pytest.raises(errors.NotFound, match="project"):
        create(workspace, name="team/delay", model="delay")


def test_what_one_may_not_see_is_not_there(anna):
    assert names(anna) == ["team/delay"]
    assert show(anna, name="team/delay").endpoint.name == "team/delay"
    for hidden in ("other/delay", "delay"):
        with pytest.raises(errors.NotFound):
            show(anna, name=hidden)
        with pytest.raises(errors.NotFound):
            specs.declare(anna, name=hidden, spec=EndpointSpec(model="x"))
    assert [each.name for each in list_projects(anna)] == ["team"]


def test_a_project_that_is_hidden_and_one_that_is_not_there_are_refused_alike(anna):
    said = []
    for name in ("other", "otherr"):
        with pytest.raises(errors.NotFound) as refused:
            specs.declare(anna, name=f"{name}/delay", spec=EndpointSpec(model=f"{name}/delay"))
        said.append(str(refused.value.as_dict()).replace(name, "X"))
    assert said[0] == said[1]
    assert "other" not in said[0]


def test_a_role_in_a_project_holds_there_and_nowhere_else(anna):
    made = specs.declare(anna, name="team/delay", spec=EndpointSpec(model="team/delay", record=False))
    assert made.change == "updated"
    with pytest.raises(errors.Forbidden, match="project"):
        projects.declare(anna, name="third", spec=ProjectSpec())
    with pytest.raises(errors.Forbidden):
        grant(anna, name="team", principal="anna", role="owner")


def test_a_role_that_was_taken_away_holds_no_more(two, anna):
    secret = create_token(two, principal="anna").secret
    assert [each.principal for each in list_members(two, name="team")] == ["anna"]
    revoke(two, name="team", principal="anna")
    after = two.with_(principal=authenticate(two, secret))
    with pytest.raises(errors.Forbidden):
        list_endpoints(after)


def test_events_know_the_project_of_their_subject_and_the_chain_holds_it(two):
    with two.read() as tx:
        found = {each.subject: each.project for each in events.read(tx, limit=100)}
        assert found["endpoint/team/delay"] == "team"
        assert found["endpoint/delay"] == ""
        assert events.verify(tx).intact


def test_a_project_is_not_called_like_a_kind(workspace):
    with pytest.raises(errors.InvalidInput):
        projects.declare(workspace, name="endpoint", spec=ProjectSpec())


def test_a_retired_project_takes_nothing_new(two):
    projects.retire(two, name="other")
    assert show(two, name="other/delay").endpoint.name == "other/delay"
    with pytest.raises(errors.NotFound):
        create(two, name="other/price", model="price")


def test_roles_are_what_the_kinds_grant(workspace):
    assert "endpoint:write" in permissions_of("engineer")
    assert "endpoint:write" not in permissions_of("data-scientist")
    assert "endpoint:switch" not in permissions_of("engineer")
    assert permissions_of("guest") == frozenset()


def test_a_workspace_is_not_opened_in_a_project_that_is_not_there(tmp_path):
    settings = Settings(project="teem")
    with open_local(tmp_path / "w") as ws:
        projects.declare(ws, name="team", spec=ProjectSpec())
    with pytest.raises(errors.NotFound, match="teem"):
        open_workspace(tmp_path / "w", settings=settings)


def test_projects_whose_names_differ_in_capitals_are_two(two):
    projects.declare(two, name="Team", spec=ProjectSpec())
    create(two, name="Team/price", model="Team/price")
    assert names(two.with_(project="team")) == ["team/delay"]
    assert names(two.with_(project="Team")) == ["Team/price"]


def test_a_thing_of_the_default_project_is_named_so_in_a_spec_and_declaring_it_again_changes_nothing(two):
    spec = EndpointSpec(model="default/delay")
    assert specs.declare(two, name="team/old", spec=spec).spec["model"] == "default/delay"
    assert show(two, name="team/old").endpoint.model == "delay"
    assert specs.declare(two, name="team/old", spec=spec).change == "unchanged"
    assert create(two, name="team/old", model="default/delay").model == "delay"
    assert create(two.with_(project="team"), name="older", model="default/delay").model == "delay"


def denials(ws):
    with ws.read() as tx:
        return [each for each in events.read(tx, limit=1000) if each.type == "access.denied"]


def test_a_refusal_is_told_where_the_thing_is_and_not_to_who_sees_only_the_default_project(two, anna):
    grant(two, name="other", principal="anna", role="viewer")
    plain = create_principal(two, name="paul", role="guest")
    grant(two, name="default", principal="paul", role="viewer")
    reader = two.with_(principal=authenticate(two, create_token(two, principal="anna").secret))
    paul = two.with_(principal=authenticate(two, create_token(two, principal=plain.name).secret))
    with pytest.raises(errors.Forbidden, match="in other"):
        specs.declare(reader, name="other/delay", spec=EndpointSpec(model="other/delay", description="x"))
    (denied,) = denials(two)
    assert (denied.project, denied.data["ref"]) == ("other", "endpoint/other/delay")
    assert denied not in list_events(paul, limit=1000).items
    assert denied in list_events(reader, limit=1000).items


def test_no_project_is_called_like_a_kind_also_for_who_may_do_everything(workspace):
    with pytest.raises(errors.InvalidInput, match="refers to a model"):
        specs.declare(workspace, name="model/delay", spec=EndpointSpec(model="delay"))
    with pytest.raises(errors.InvalidInput, match="refers to a model"):
        create(workspace, name="model/delay", model="delay")
    assert list_endpoints(workspace).items == []
