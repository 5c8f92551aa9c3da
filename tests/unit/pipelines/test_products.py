"""A pipeline makes the next version of a dataset, as it does of a model."""

from __future__ import annotations

import pytest

from meguru.artifacts.lineage import show as lineage
from meguru.datasets.client import frame
from meguru.datasets.folders.materialize import files_of
from meguru.datasets.operations import versions
from meguru.errors import InvalidInput
from meguru.pipelines.products import model_of, product_of

FLOWS = """
import tempfile
from pathlib import Path
import polars as pl
from meguru import pipeline, step

@step
def rows(count: int) -> pl.DataFrame:
    return pl.DataFrame({"id": range(count), "v": [n / 2 for n in range(count)]})

@step
def nothing(count: int) -> int:
    return count

@pipeline(produces="dataset/clean")
def clean(count: int = 3):
    return rows(count)

@step
def drawn(count: int) -> Path:
    folder = Path(tempfile.mkdtemp())
    (folder / "a").mkdir()
    for number in range(count):
        (folder / "a" / f"{number}.txt").write_text(str(number % 2))
    return folder

@pipeline(produces="dataset/drawings")
def draw(count: int = 3):
    return drawn(count)

@pipeline(produces="dataset/clean")
def wrong(count: int = 3):
    return nothing(count)
"""


def test_the_name_says_what_is_made():
    assert product_of("delay") == ("model", "delay")
    assert product_of("dataset/clean") == ("dataset", "clean")
    assert (model_of("delay"), model_of("dataset/clean"), model_of(None)) == ("delay", "", "")
    for wrong in ("report/x", "dataset/", "dataset/a b"):
        with pytest.raises(InvalidInput):
            product_of(wrong)


def test_a_run_makes_the_next_version_of_a_dataset_with_its_lineage(project, workspace):
    project.write("flows.py", FLOWS)
    run = project.run("flows.py:clean")
    assert (run.state, run.produced) == ("succeeded", ["dataset/clean@1"])
    assert frame(workspace, "clean").rows() == [(0, 0.0), (1, 0.5), (2, 1.0)]
    edges = lineage(workspace, ref="dataset/clean@1").edges
    assert (run.ref, "dataset/clean@1") in {(edge.source, edge.target) for edge in edges}
    assert not any(edge.claimed for edge in edges)

    assert project.run("flows.py:clean").produced == ["dataset/clean@1"]
    assert project.run("flows.py:clean", count=4).produced == ["dataset/clean@2"]
    assert len(versions(workspace, name="clean")) == 2


def test_what_is_no_table_is_no_dataset(project):
    project.write("flows.py", FLOWS)
    run = project.run("flows.py:wrong")
    assert run.state == "failed"
    assert "returned no table" in run.failed.message


def test_a_folder_that_a_step_returns_is_a_dataset_of_files(project, workspace):
    project.write("flows.py", FLOWS)
    run = project.run("flows.py:draw")
    assert (run.state, run.produced) == ("succeeded", ["dataset/drawings@1"]), run.failed
    files = files_of(workspace, "drawings")
    assert [files.read(name) for name in files.names()] == [b"0", b"1", b"0"]
    assert project.run("flows.py:draw").produced == ["dataset/drawings@1"]
