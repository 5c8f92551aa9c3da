"""A pipeline, its runs and all they make are of one project, and not there for who may not see it."""

from __future__ import annotations

import msgspec
import pytest

from meguru.base.settings import load_settings
from meguru.datasets.client import add_files
from meguru.errors import Forbidden, NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines import cached_run
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import (
    cancel,
    check,
    decide,
    explain,
    explain_run,
    list_approvals,
    list_components,
    list_pipelines,
    list_runs,
    pause,
    pipeline_versions,
    read_log,
    register,
    remove_pool,
    resume,
    retry,
    search_logs,
    set_pool,
    show_pipeline,
    show_run,
    start,
)
from meguru.pipelines.runner import run_file
from meguru.registry import show as models
from meguru.triggers.operations import create as make_trigger

READER = """
    import meguru
    from meguru import Dataset, approve, gate, pipeline, step

    @step
    def size(data: Dataset) -> int:
        meguru.log(rows=2)
        print("two rows")
        return data.frame().height

    @pipeline
    def train(data: Dataset = "flights@latest"):
        return size(data)

    @pipeline
    def careful(n: int = 1):
        with gate(approve("Go on?", by="boss")):
            return double(n)

    @step
    def double(n: int) -> int:
        return 2 * n
"""


@pytest.fixture
def teams(workspace, tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("day,delay\n1,5\n2,7\n")
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    for name in ("flights", "team/flights", "other/flights"):
        add_files(workspace, name, table)
    return workspace


@pytest.fixture
def file(project):
    project.write("reader.py", READER)
    return f"{project.folder}/reader.py:train"


def member(ws, role="data-scientist", project="team"):
    return ws.with_(principal=Principal(name="anna", grants={project: permissions_of(role)}))


def run_in(ws, file, project="team", **params):
    return run_file(ws.with_(project=project), file, params)


def test_a_pipeline_is_of_the_project_in_which_it_is_registered(teams, file):
    run = run_in(teams, file)
    assert (run.pipeline, run.state.value) == ("team/train", "succeeded")
    assert run.pinned["data"].ref == "dataset/team/flights@1"
    assert [each.name for each in list_pipelines(teams.with_(project="team")).items] == ["team/train"]
    with teams.read() as tx:
        told = events.read(tx, limit=1000)
    mine = [
        each
        for each in told
        if each.subject.startswith(("pipeline/team", "pipeline_run/", "step_run/", "run/"))
    ]
    assert {each.project for each in mine} == {"team"}
    assert {"pipeline.registered", "run.started", "step_run.succeeded", "pipeline_run.succeeded"} <= {
        e.type for e in mine
    }


def test_one_file_is_another_pipeline_in_each_project_and_shares_no_cache(teams, file):
    first, second = run_in(teams, file), run_in(teams, file, "other")
    assert (second.pipeline, second.ran, second.cached) == ("other/train", 1, 0)
    assert second.pinned["data"].ref == "dataset/other/flights@1"
    assert run_in(teams, file).cached == 1
    assert run_in(teams, file, "").pipeline == "train"
    assert first.steps[0].key != second.steps[0].key


def test_data_of_the_default_project_is_named_so_that_it_is_meant_again(teams, file):
    run = run_in(teams, file, data="default/flights")
    assert run.pinned["data"].ref == "dataset/flights@1"
    again = start(teams, pipeline="team/train", params=run.params)
    assert again.pinned == run.pinned


def test_data_of_another_project_needs_the_right_to_read_it_there(teams, file):
    version = register_file(teams.with_(project="team"), file)
    anna = member(teams)
    assert start(anna, pipeline=version.ref).pinned["data"].ref == "dataset/team/flights@1"
    said = []
    for data in ("other/flights@latest", "other/nothing@latest"):
        with pytest.raises(NotFound) as refused:
            start(anna, pipeline=version.ref, params={"data": data})
        said.append(str(refused.value.as_dict()).replace(data.partition("@")[0], "NAME"))
    assert said[0] == said[1]
    both = {"team": permissions_of("data-scientist"), "other": permissions_of("viewer")}
    reader = teams.with_(principal=Principal(name="bea", grants=both))
    assert start(reader, pipeline=version.ref, params={"data": "other/flights"}).state.value == "queued"
    ruler = member(teams, "engineer")
    action = {"pipeline": "train", "params": {"data": "other/flights"}}
    with pytest.raises(NotFound):
        make_trigger(ruler, name="team/spy", on={"cron": "0 2 1 1 *"}, action=action)


def test_what_is_of_another_project_is_not_there(teams, file):
    run = run_in(teams, file, "other")
    anna, step = member(teams, "engineer"), f"{run.id}.size"
    for ask in (
        lambda: show_pipeline(anna, ref="other/train"),
        lambda: pipeline_versions(anna, name="other/train"),
        lambda: start(anna, pipeline="other/train"),
        lambda: show_run(anna, ref=run.id),
        lambda: show_run(anna, ref=run.ref),
        lambda: cancel(anna, run=run.id),
        lambda: pause(anna, run=run.id),
        lambda: resume(anna, run=run.ref),
        lambda: retry(anna, run=run.id),
        lambda: explain(anna, ref=step),
        lambda: explain_run(anna, ref=run.id, steps=["size"]),
        lambda: read_log(anna, ref=step),
        lambda: read_log(anna, ref=run.ref),
        lambda: read_log(anna, ref=f"step_run/{step}"),
        lambda: check(anna, ref=step),
        lambda: check(anna, ref=f"pipeline_run/{step}"),
        lambda: search_logs(anna, text="rows", run=run.id),
        lambda: list_approvals(anna, run=run.id),
        lambda: decide(anna, step=step, approve=True),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert refused.value.hint == ""
    assert list_runs(anna).items == list_runs(anna, pipeline="other/train").items == []
    assert list_pipelines(anna).items == []
    assert search_logs(anna, text="rows", pipeline="other/train").searched == 0
    assert len(list_runs(teams).items) == 1
    assert list_runs(teams.with_(project="team")).items == []


def test_an_id_that_is_hidden_and_one_that_is_not_there_get_one_answer(teams, file):
    run = run_in(teams, file, "other")
    said = []
    for ref in (run.id, run.id[:-1] + ("0" if run.id[-1] != "0" else "1")):
        with pytest.raises(NotFound) as refused:
            show_run(member(teams), ref=ref)
        said.append(str(refused.value.as_dict()).replace(ref, "ID"))
    assert said[0] == said[1]


def test_who_may_only_look_is_told_what_is_missing(teams, file):
    run = run_in(teams, file)
    viewer = member(teams, "viewer")
    assert show_run(viewer, ref=run.id).id == run.id
    assert read_log(viewer, ref=f"{run.id}.size").lines[0].text == "two rows"
    version = show_pipeline(viewer, ref="team/train")
    again = {"graph": version.graph, "codes": version.codes, "snapshot": version.snapshot}
    again |= {"sources": version.sources, "entry": "x:y"}
    for ask in (
        lambda: start(viewer, pipeline="team/train"),
        lambda: retry(viewer, run=run.id),
        lambda: register(viewer, name="team/train", **again),
        lambda: register(viewer.with_(project="team"), **again),
    ):
        with pytest.raises(Forbidden) as refused:
            ask()
        assert refused.value.lacks == "pipeline:write"
    for name in ("other/train", "train"):
        with pytest.raises(NotFound):
            register(member(teams), name=name, **again)
    assert register(member(teams).with_(project="team"), **again).ref == "pipeline/team/train@2"


def test_a_project_that_is_not_there_takes_no_pipeline(workspace, project):
    with pytest.raises(NotFound, match="project"):
        register_file(workspace.with_(project="team"), f"{project.folder}/train.py:train")


def test_people_answer_where_they_may(teams, file, project):
    run = run_file(teams.with_(project="team"), f"{project.folder}/reader.py:careful", {})
    (asked,) = list_approvals(teams, run=run.id).items
    step = f"{asked.run}.{asked.step}"
    assert list_approvals(member(teams, "engineer", "other")).items == []
    with pytest.raises(NotFound):
        decide(member(teams, "engineer", "other"), step=step, approve=True)
    with pytest.raises(Forbidden):
        decide(member(teams, "data-scientist"), step=step, approve=True)
    split = {
        "team": permissions_of("engineer") - {"approval:*"} | {"approval:write"},
        "other": {"approval:boss"},
    }
    elsewhere = Principal(name="eve", grants={key: frozenset(held) for key, held in split.items()})
    with pytest.raises(Forbidden):
        decide(teams.with_(principal=elsewhere), step=step, approve=True)
    assert decide(member(teams, "engineer"), step=step, approve=True).state.value == "approved"


def test_pools_are_shared_and_changed_by_who_may_everywhere(teams):
    set_pool(teams, name="gpu", slots=2)
    for change in (lambda ws: set_pool(ws, name="gpu", slots=9), lambda ws: remove_pool(ws, name="gpu")):
        with pytest.raises(Forbidden):
            change(member(teams, "engineer"))
        with pytest.raises(Forbidden):
            change(member(teams, "engineer", ""))
    assert set_pool(teams.with_(project="team"), name="gpu", slots=3).name == "gpu"


def test_the_quick_path_takes_over_within_its_project(teams, file, monkeypatch):
    place = str(teams.root)
    run = run_in(teams, file)
    assert cached_run.run(place, file, {}) is None
    monkeypatch.setenv("MEGURU_PROJECT", "team")
    assert load_settings().project == "team"
    again = cached_run.run(place, file, {})
    assert (again.pipeline, again.cached, again.pinned) == ("team/train", 1, run.pinned)
    assert again.steps[0].reused == run.steps[0].id
    with teams.read() as tx:
        told = events.read(tx, subject=again.ref, limit=10)
    assert {each.project for each in told} == {"team"}
    assert len(told) == 3
    assert cached_run.run(place, file, {"data": "other/flights"}) is None
    monkeypatch.setenv("MEGURU_PROJECT", "other")
    assert cached_run.run(place, file, {}) is None


def test_components_are_seen_by_all_and_their_uses_by_project(teams):
    assert [each.used_by for each in list_components(member(teams))] == [
        [] for _ in list_components(member(teams))
    ]


def test_a_model_that_a_pipeline_makes_is_of_its_project(teams, project):
    project.write("fit.py", FIT)
    run = run_in(teams, f"{project.folder}/fit.py:fit")
    assert run.failed is None
    assert run.produced == ["model/team/delay@1"]
    assert models.show(teams, ref="team/delay").run_ref == run.ref


FIT = """
    import polars as pl
    from sklearn.linear_model import LogisticRegression
    from meguru import Model, pipeline, step

    @step
    def learn() -> Model:
        rows = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0]})
        learned = LogisticRegression().fit(rows.to_pandas(), [0, 1, 1])
        return Model(estimator=learned, example=rows)

    @pipeline(produces="delay")
    def fit():
        return learn()
"""


WHERE = """
import os, subprocess, sys
from meguru import pipeline, step

LOOK = "from meguru.base.settings import load_settings; print(load_settings().project)"

@step(isolation="KIND")
def where() -> list[str]:
    from meguru.base.settings import load_settings
    seen = [load_settings().project]
    if "KIND" == "process":
        seen.append(subprocess.check_output([sys.executable, "-c", LOOK], text=True).strip())
    return seen

@pipeline
def look():
    return where()
"""


@pytest.mark.parametrize("kind", ["process", "thread"])
def test_a_step_works_in_the_project_of_its_run_whatever_that_of_the_worker_is(
    teams, project, monkeypatch, kind
):
    monkeypatch.setenv("MEGURU_PROJECT", "other")
    project.write("where.py", WHERE.replace("KIND", kind))
    for name in ("team", ""):
        run = run_in(teams, f"{project.folder}/where.py:look", name)
        seen = msgspec.json.decode(teams.blobs.get_bytes(run.steps[0].outputs[0].digest))
        assert seen == [name] * (2 if kind == "process" else 1)
