"""A sweep is of its pipeline's project."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru.errors import NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines.load import register_file
from meguru.sweeps.operations import best, list_sweeps, resume, show, start, stop, trials
from meguru.sweeps.types import Choice, Search

FLOW = """
    from meguru import Dataset, pipeline, step

    @step
    def square(x: int, data: Dataset) -> int:
        return x * x

    @pipeline
    def search(data: Dataset, x: int = 1):
        return square(x, data)
"""


@pytest.fixture
def teams(workspace, tmp_path):
    from meguru.datasets.client import add_files

    (tmp_path / "search.py").write_text(dedent(FLOW))
    (tmp_path / "a.csv").write_text("a\n1\n")
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        register_file(workspace.with_(project=name), f"{tmp_path}/search.py:search")
        add_files(workspace, f"{name}/rows", tmp_path / "a.csv")
    return workspace


def anna(ws, project="team"):
    return ws.with_(principal=Principal(name="anna", grants={project: permissions_of("engineer")}))


def begun(ws, pipeline, **more):
    wanted = {"space": {"x": Choice(values=[1, 2])}, "params": {"data": "rows"}} | more
    return start(ws, pipeline=pipeline, search=Search(metric="x", sampler="grid"), **wanted)


def test_a_sweep_is_of_its_pipelines_project(teams):
    made = begun(teams.with_(project="team"), "search")
    assert (made.pipeline, made.params) == ("team/search", {"data": "dataset/team/rows@1"})
    with teams.read() as tx:
        assert events.latest(tx, subject=made.ref).project == "team"
    stop(anna(teams), sweep=made.id)
    with teams.read() as tx:
        assert events.latest(tx, subject=made.ref).project == "team"


def test_a_sweep_of_another_project_is_not_there(teams):
    made = begun(teams, "other/search")
    for ask in (show, trials, best, stop, resume):
        with pytest.raises(NotFound) as refused:
            ask(anna(teams), sweep=made.id)
        assert refused.value.hint == ""
    assert list_sweeps(anna(teams)).items == list_sweeps(anna(teams), pipeline="other/search").items == []
    assert [each.id for each in list_sweeps(anna(teams, "other")).items] == [made.id]
    with pytest.raises(NotFound):
        begun(anna(teams), "other/search")


def test_data_of_another_project_is_neither_given_nor_searched(teams):
    with pytest.raises(NotFound):
        begun(anna(teams), "team/search", params={"data": "other/rows"})
    searched = {"x": Choice(values=[1]), "data": Choice(values=["rows", "other/rows"])}
    with pytest.raises(NotFound):
        begun(anna(teams), "team/search", space=searched, params={})
    assert begun(anna(teams), "team/search", space=searched | {"data": Choice(values=["rows"])}, params={})
