"""A backfill is of its pipeline's project."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru.backfills.advance import advance
from meguru.backfills.operations import (
    cancel,
    list_backfills,
    list_partitions,
    pause,
    resume,
    retry,
    show,
    start,
)
from meguru.errors import NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import list_runs

PARTS = """
    from meguru import Dataset, pipeline, step

    @step
    def size(data: Dataset) -> int:
        return data.frame().height

    @pipeline
    def parts(data: Dataset):
        return size(data)
"""


@pytest.fixture
def made(days):
    """A backfill of a pipeline of the project ``other``."""
    for name in ("team", "other"):
        projects.declare(days.ws, name=name, spec=ProjectSpec())
    within = days.ws.with_(project="other")
    register_file(within, f"{days.folder}/daily.py:daily")
    return start(within, pipeline="daily", values=["2024-01-01"], param="day", params={"marks": "x"})


def anna(ws, project):
    return ws.with_(principal=Principal(name="anna", grants={project: permissions_of("engineer")}))


def test_a_backfill_is_of_its_pipelines_project_and_so_are_its_runs(days, made):
    assert made.pipeline == "other/daily"
    advance(days.ws, backfill=made.id)
    assert [each.pipeline for each in list_runs(days.ws.with_(project="other")).items] == ["other/daily"]
    with days.ws.read() as tx:
        told = events.read(tx, types=("backfill.started", "pipeline_run.started"), limit=10)
    assert [each.project for each in told] == ["other", "other"]


def test_a_backfill_of_another_project_is_not_there(days, made):
    eve = anna(days.ws, "team")
    for ask in (show, list_partitions, pause, resume, retry, cancel):
        with pytest.raises(NotFound) as refused:
            ask(eve, backfill=made.id)
        assert refused.value.hint == ""
    assert list_backfills(eve).items == []
    assert [each.id for each in list_backfills(anna(days.ws, "other")).items] == [made.id]
    assert pause(anna(days.ws, "other"), backfill=made.ref).state == "paused"


def test_partitions_of_data_that_one_may_not_read_are_refused_at_the_start(days, made):
    (days.folder / "parts.py").write_text(dedent(PARTS))
    register_file(days.ws.with_(project="team"), f"{days.folder}/parts.py:parts")
    with pytest.raises(NotFound):
        start(anna(days.ws, "team"), pipeline="team/parts", param="data", values=["mine", "other/theirs"])
