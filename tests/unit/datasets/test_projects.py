"""A dataset is of a project, and is not there for those who may not see it."""

import pytest

from meguru import errors
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import diff, list_datasets, profile, query, show, specs, versions
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("day,delay\n1,5\n2,7\n")
    return path


@pytest.fixture
def teams(workspace, table):
    """The same name in the default project and in two others."""
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    for name in ("flights", "team/flights", "other/flights"):
        add_files(workspace, name, table)
    return workspace


def member(ws, role):
    return ws.with_(principal=Principal(name="anna", grants={"team": permissions_of(role)}))


def test_one_name_in_three_projects_is_three_datasets(teams, table):
    assert [each.name for each in list_datasets(teams).items] == ["flights", "other/flights", "team/flights"]
    within = teams.with_(project="team")
    assert show(within, ref="flights").ref == "dataset/team/flights@1"
    assert show(within, ref="default/flights@1").ref == "dataset/flights@1"
    assert add_files(within, "prices", table).ref == "dataset/team/prices@1"
    assert [each.name for each in list_datasets(within).items] == ["team/flights", "team/prices"]
    with teams.read() as tx:
        assert events.latest(tx, subject="dataset/team/prices@1").project == "team"


def test_a_member_sees_and_changes_the_own_project_alone(teams, table):
    anna = member(teams, "engineer")
    assert [each.name for each in list_datasets(anna).items] == ["team/flights"]
    assert add_files(anna, "team/more", table).name == "team/more"
    hidden = "other/flights"
    for ask in (
        lambda: show(anna, ref=hidden),
        lambda: show(anna, ref="dataset/flights@1"),
        lambda: versions(anna, name=hidden),
        lambda: profile(anna, ref=hidden),
        lambda: diff(anna, before=hidden, after="team/flights"),
        lambda: diff(anna, before="team/flights", after=hidden),
        lambda: add_files(anna, hidden, table),
    ):
        with pytest.raises(errors.NotFound) as refused:
            ask()
        assert "other" not in refused.value.why + refused.value.hint


def test_what_is_not_there_and_what_is_hidden_get_one_answer(teams):
    anna = member(teams, "viewer")
    said = []
    for ref in ("other/flights", "other/nothing"):
        with pytest.raises(errors.NotFound) as refused:
            diff(anna, before="team/flights", after=ref)
        said.append(str(refused.value.as_dict()).replace(ref, "REF"))
    assert said[0] == said[1]


def test_a_name_that_is_hidden_is_not_offered(teams):
    with pytest.raises(errors.NotFound) as refused:
        show(member(teams, "viewer"), ref="team/flihgts")
    assert "team/flights" in str(refused.value.hint)
    assert "other" not in str(refused.value.as_dict())


def test_who_may_only_look_is_told_what_is_missing(teams, table):
    with pytest.raises(errors.Forbidden) as refused:
        add_files(member(teams, "viewer"), "team/flights", table)
    assert refused.value.lacks == "dataset:write"


def test_a_project_that_is_not_there_takes_no_dataset(workspace, table):
    with pytest.raises(errors.NotFound, match="project"):
        add_files(workspace, "team/flights", table)


def test_a_query_and_an_expectation_reach_no_dataset_that_one_may_not_see(teams):
    anna = member(teams, "engineer")
    with pytest.raises(errors.UsageError, match="names no dataset"):
        query(anna, sql='SELECT * FROM "other/flights", flights')
    spec = DatasetSpec(expect=[{"check": "reference", "column": "day", "dataset": "other/flights"}])
    with pytest.raises(errors.NotFound):
        specs.declare(anna, name="team/flights", spec=spec)
    near = DatasetSpec(expect=[{"check": "reference", "column": "day", "dataset": "flights"}])
    assert specs.declare(anna, name="team/flights", spec=near)
