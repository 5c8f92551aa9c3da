"""Experiments and runs are of projects, and are not there for those who may not see them."""

from __future__ import annotations

import pytest

from meguru import errors
from meguru.app.nouns import load_operations
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.kinds import event_types
from meguru.kernel.principals import Principal
from meguru.tracking.compare import compare
from meguru.tracking.edit import delete_run, note, rename, restore, tag
from meguru.tracking.experiments import change
from meguru.tracking.find import search
from meguru.tracking.heartbeat import beat
from meguru.tracking.runs import add_artifact, finish, log, start
from meguru.tracking.show import (
    artifacts,
    chart,
    charts,
    count_points,
    list_experiments,
    list_runs,
    metric,
    show,
    show_experiment,
)
from meguru.tracking.store import project_of
from meguru.tracking.types import MetricPoint

load_operations()
NAME = "需要予測"
POINTS = [MetricPoint(key="auc", value=0.5)]


@pytest.fixture
def teams(workspace):
    """Two projects beside the default one."""
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    return workspace


@pytest.fixture
def runs(teams):
    """A run, with a point, of an experiment of the same name in each of three projects."""
    found = {}
    for project in ("", "team", "other"):
        run = start(teams.with_(project=project), experiment=NAME, name=project or "default")
        log(teams, run=run.id, metrics=POINTS)
        found[project] = run
    return found


def member(ws, role, project="team", name="anna"):
    return ws.with_(principal=Principal(name=name, grants={project: permissions_of(role)}))


def names(page):
    return [each.name for each in page.items]


def test_one_name_in_three_projects_is_three_experiments(teams, runs):
    assert [run.experiment for run in runs.values()] == [NAME, f"team/{NAME}", f"other/{NAME}"]
    assert names(list_experiments(teams)) == [NAME, f"other/{NAME}", f"team/{NAME}"]
    within = teams.with_(project="team")
    assert names(list_experiments(within)) == [f"team/{NAME}"]
    found = show_experiment(within, experiment=NAME).experiment
    assert (found.ref, found.project) == (f"experiment/team/{NAME}", "team")
    for asked in (f"team/{NAME}", found.ref):
        assert show_experiment(teams, experiment=asked).experiment == found
    assert show_experiment(within, experiment=str(found.number)).experiment == found
    assert show_experiment(within, experiment=f"default/{NAME}").experiment.ref == f"experiment/{NAME}"
    with teams.read() as tx:
        assert [project_of(tx, run.id) for run in runs.values()] == ["", "team", "other"]
        assert project_of(tx, "run-nothing") is None
        assert events.latest(tx, subject=runs["team"].ref).project == "team"
        assert events.latest(tx, subject=found.ref).project == "team"


def test_lists_and_searches_show_the_project_one_works_in(teams, runs):
    within = teams.with_(project="team")
    assert names(list_runs(within)) == names(search(within)) == ["team"]
    assert names(list_runs(within, experiment=NAME)) == names(search(within, experiment=NAME)) == ["team"]
    assert names(list_runs(teams)) == names(search(teams)) == ["other", "team", "default"]
    assert names(list_runs(teams, experiment=NAME)) == ["default"]


def test_pages_of_experiments_pass_all_projects(teams, runs):
    start(teams, experiment="a/b")
    found, after = [], ""
    while not found or after:
        page = list_experiments(teams, limit=1, after=after)
        found, after = found + names(page), page.next_cursor
    assert found == ["a/b", NAME, f"other/{NAME}", f"team/{NAME}"]


def test_each_project_has_a_default_experiment(teams):
    within = teams.with_(project="team")
    assert start(within).experiment == start(within, experiment="default").experiment == "team/Default"
    assert start(teams).experiment == "Default"
    assert show_experiment(within, experiment="default").experiment.ref == "experiment/team/default"


def test_a_slash_in_a_title_names_a_project_only_if_one_sees_it(teams):
    assert start(teams, experiment="team/churn").project == "team"
    assert start(teams, experiment="churn/lightgbm").experiment == "churn/lightgbm"
    assert start(teams, experiment="/Users/me/x").experiment == "/Users/me/x"
    assert start(teams.with_(project="team"), experiment="churn/gbm").experiment == "team/churn/gbm"
    anna = member(teams, "engineer", "")
    mine = start(anna, experiment="team/churn")
    assert (mine.experiment, mine.project) == ("team/churn", "")
    assert show_experiment(anna, experiment="team/churn").experiment.ref == "experiment/team-churn"
    # Who sees both gets the one that is called so as a whole; a reference is never in doubt.
    assert show_experiment(teams, experiment="team/churn").experiment.ref == "experiment/team-churn"
    assert show_experiment(teams, experiment="experiment/team/churn").experiment.project == "team"


def test_what_is_of_a_retired_project_is_still_found(teams, runs):
    projects.retire(teams, name="team")
    assert show_experiment(teams, experiment=f"team/{NAME}").runs == {"running": 1}
    with pytest.raises(errors.NotFound, match="project"):
        start(teams, experiment=f"team/{NAME}")


def test_a_renamed_experiment_stays_in_its_project(teams, runs):
    assert change.rename(teams, experiment=f"team/{NAME}", name="team/b").name == "team/b"
    assert change.rename(teams, experiment="team/b", name="c").ref == f"experiment/team/{NAME}"
    assert show(teams, run=runs["team"].id).experiment == "team/c"
    assert change.rename(teams, experiment=NAME, name="c").name == "c"
    start(teams, experiment="team/d")
    with pytest.raises(errors.Conflict, match="'team/d' already"):
        change.rename(teams, experiment="team/c", name="d")


def test_a_member_works_in_the_own_project(teams, runs):
    anna = member(teams, "data-scientist")
    assert names(list_experiments(anna)) == [f"team/{NAME}"]
    assert names(list_runs(anna)) == names(search(anna)) == ["team"]
    run = start(anna.with_(project="team"), experiment=NAME, name="mine")
    log(anna, run=run.id, metrics=POINTS)
    beat(anna, run=run.id)
    assert finish(anna, run=run.id).state == "succeeded"
    assert {each.name for each in compare(anna, runs=[run.id, runs["team"].id]).runs} == {"mine", "team"}


def test_what_one_may_not_see_is_not_there(teams, runs):
    anna = member(teams, "engineer")
    for hidden in (runs[""], runs["other"]):
        for ask in (
            lambda id: show(anna, run=id),
            lambda id: artifacts(anna, run=id),
            lambda id: metric(anna, run=id, key="auc"),
            lambda id: chart(anna, run=id, key="auc"),
            lambda id: compare(anna, runs=[runs["team"].id, id]),
            lambda id: log(anna, run=id, metrics=POINTS),
            lambda id: beat(anna, run=id),
            lambda id: add_artifact(anna, run=id, path="a", digest="0" * 64),
            lambda id: finish(anna, run=id),
            lambda id: rename(anna, run=id, name="b"),
            lambda id: note(anna, run=id, note="b"),
            lambda id: tag(anna, run=id, tags={"a": "b"}),
            lambda id: delete_run(anna, run=id),
            lambda id: restore(anna, run=id),
        ):
            assert refusal(ask, hidden.id) == refusal(ask, "run-nothing")
        assert count_points(anna, runs=[hidden.id]) == count_points(anna, runs=["run-nothing"])
        assert charts(anna, runs=[hidden.id], keys=["auc"]) == []
    assert count_points(anna, runs=[runs["team"].id]) == {runs["team"].id: 1}


@pytest.mark.parametrize("shape", ["other/{}", "experiment/other/{}", "default/{}"])
def test_an_experiment_that_one_may_not_see_is_not_there(teams, runs, shape):
    anna = member(teams, "engineer").with_(project="team")
    for ask in (
        lambda name: show_experiment(anna, experiment=name),
        lambda name: list_runs(anna, experiment=name),
        lambda name: search(anna, experiment=name),
        lambda name: change.rename(anna, experiment=name, name="b"),
        lambda name: change.note(anna, experiment=name, note="b"),
        lambda name: change.delete(anna, experiment=name),
    ):
        assert refusal(ask, shape.format(NAME)) == refusal(ask, shape.format(f"{NAME}表"))
    with pytest.raises(errors.NotFound) as refused:
        show_experiment(anna, experiment="需要予")
    assert "other" not in str(refused.value.as_dict())


def test_who_may_only_look_is_told_what_is_missing(teams, runs):
    viewer = member(teams, "viewer").with_(project="team")
    for ask, lacks in (
        (lambda: start(viewer, experiment=NAME), "run:write"),
        (lambda: log(viewer, run=runs["team"].id, metrics=POINTS), "run:write"),
        (lambda: change.note(viewer, experiment=NAME, note="a"), "experiment:write"),
    ):
        with pytest.raises(errors.Forbidden) as refused:
            ask()
        assert refused.value.lacks == lacks


def test_what_one_may_not_see_cannot_be_claimed(teams, runs):
    anna = member(teams, "engineer").with_(project="team")
    assert start(anna, experiment=NAME, used=[runs["team"].ref]).project == "team"
    said = []
    for used in (runs["other"].ref, "run/run-nothing"):
        with pytest.raises(errors.InvalidInput) as refused:
            start(anna, experiment=NAME, used=[used])
        said.append(
            str(refused.value.as_dict()).replace(used, "REF").replace(used.removeprefix("run/"), "ID")
        )
    assert said[0] == said[1]


def test_the_right_to_others_runs_is_held_in_their_project(teams, runs):
    log(member(teams, "engineer"), run=runs["team"].id, metrics=POINTS)
    for role, project in (("data-scientist", "team"), ("engineer", "other")):
        by = Principal(
            name="anna",
            grants={"team": permissions_of("data-scientist"), project: permissions_of(role)},
        )
        with pytest.raises(errors.Forbidden) as refused:
            log(teams.with_(principal=by), run=runs["team"].id, metrics=POINTS)
        assert refused.value.lacks == "run:admin"


def test_events_are_what_was_declared(teams, runs):
    kinds = {name for name in event_types() if name.startswith(("run.", "experiment."))}
    assert {"run.started", "run.inputs_logged", "experiment.purged"} <= kinds
    with teams.db.write() as tx:
        for data in ({}, {"state": "failed", "experiment": "a", "more": 1}):
            with pytest.raises(errors.InternalError, match=r"run\.finished"):
                events.append(
                    tx,
                    type="run.finished",
                    at=teams.clock.now(),
                    actor="a",
                    operation="run.finish",
                    subject="run/a",
                    data=data,
                )


def refusal(ask, name):
    with pytest.raises(errors.NotFound) as refused:
        ask(name)
    return str(refused.value.as_dict()).replace(name, "NAME")
