"""A run that is all cached, done at once: it writes what the engine writes, and leaves what it can't do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import select, text

from meguru.costs import store
from meguru.costs.kind import BudgetSpec
from meguru.costs.schema import budget
from meguru.datasets.client import add_files
from meguru.kernel import events
from meguru.pipelines import cached_run
from meguru.pipelines.schema import pipeline_run, pipeline_version
from meguru.pipelines.show import show_run

DIFFERS = {"id", "run", "job", "event", "created_at", "started_at", "finished_at", "at"}
DIFFERS |= {"seq", "hash", "previous", "event_seq", "target", "subject"}


@pytest.fixture
def run_quickly(project):
    def run(target: str = "train.py:train", **params: Any):
        return cached_run.run(str(project.ws.root), f"{project.folder}/{target}", params)

    return run


def everything(ws) -> tuple[Any, ...]:
    with ws.read() as tx:
        return tuple(
            tx.execute(text(f"SELECT count(*) FROM {name}")).scalar()
            for name in ("event", "edge", "pipeline_run", "step_run", "job")
        )


def rows_of(ws, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of a run as the database has them, without what differs between any two runs."""
    ref = f"pipeline_run/{run_id}"
    queries = {
        "pipeline_run": f"id = '{run_id}'",
        "step_run": f"run = '{run_id}' ORDER BY id",
        "event": f"subject = '{ref}' ORDER BY seq",
        "edge": f"target = '{ref}' ORDER BY source",
    }
    with ws.read() as tx:
        found = {
            table: [dict(row) for row in tx.execute(text(f"SELECT * FROM {table} WHERE {where}")).mappings()]
            for table, where in queries.items()
        }
    types = {one["id"]: one["type"] for one in found["event"]}
    for one in found["event"]:
        one["cause"] = types.get(one["cause"])
    return {
        table: [{key: value for key, value in one.items() if key not in DIFFERS} for one in rows]
        for table, rows in found.items()
    }


def test_what_is_written_is_what_the_engine_writes(project, run_quickly):
    project.run(n=5)
    slow = project.run(n=5)
    fast = run_quickly(n=5)
    assert fast is not None
    assert (fast.ran, fast.cached) == (0, 3)
    written = rows_of(project.ws, fast.id)
    assert [len(rows) for rows in written.values()] == [1, 3, 3, 1]
    assert json.loads(json.dumps(written).replace(fast.id, slow.id)) == rows_of(project.ws, slow.id)
    with project.ws.read() as tx:
        assert events.verify(tx).intact


def test_it_answers_what_a_look_at_the_run_answers(project, run_quickly):
    project.run()
    run = run_quickly()
    assert run == show_run(project.ws, ref=run.id)


def test_parameters_are_read_as_the_engine_reads_them(project, run_quickly):
    project.run(n=4)
    assert run_quickly(n="4").params == {"n": 4}
    assert run_quickly(n=4).params == {"n": 4}
    assert run_quickly(n="four") is None
    assert run_quickly(m=4) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.edit("helpers.py", "LIMIT = 10", "LIMIT = 1"),
        lambda p: p.edit("train.py", "def train", "# a comment\ndef train"),
        lambda p: (p.folder / "helpers.py").unlink(),
        lambda p: (p.folder / "train.py").unlink(),
        lambda p: p.write("pyproject.toml", "") or p.write("uv.lock", "version = 1"),
        lambda p: p.ws.blobs.path(p.run().steps[1].outputs[0].digest).unlink(),
        lambda p: p.write("meguru/__init__.py", "") and None,
    ],
    ids=["constant", "comment", "helper gone", "file gone", "lock file", "blob gone", "nothing of it"],
)
def test_after_a_change_it_leaves_the_run_to_the_engine_and_writes_nothing(
    project, run_quickly, change, request
):
    project.run()
    change(project)
    before = everything(project.ws)
    expected = "nothing of it" in request.node.callspec.id
    assert (run_quickly() is not None) is expected
    assert (everything(project.ws) != before) is expected


def test_a_step_that_must_run_every_time_is_left_to_the_engine(project, run_quickly):
    project.edit("train.py", "@step\ndef load", "@step(cache=False)\ndef load")
    project.run()
    assert run_quickly() is None


def test_a_kind_of_step_that_it_does_not_know_is_left_to_the_engine(project, run_quickly):
    project.run()
    with project.ws.db.write() as tx:
        graph = tx.execute(select(pipeline_version.c.graph)).scalar()
        graph["steps"][0]["waits_for_the_moon"] = True
        tx.execute(pipeline_version.update().values(graph=graph))
    assert run_quickly() is None


def test_with_a_run_that_has_not_ended_it_is_left_to_the_engine(project, run_quickly):
    project.run()
    with project.ws.db.write() as tx:
        tx.execute(pipeline_run.update().values(state="running"))
    assert run_quickly() is None


def test_where_a_budget_is_used_up_the_engine_says_whether_it_may_start(project, run_quickly):
    project.run()
    with project.ws.db.write() as tx:
        store.put_budget(tx, "all", BudgetSpec(limit=1.0, per="month"))
    assert run_quickly() is not None
    with project.ws.db.write() as tx:
        tx.execute(budget.update().values(exceeded=True))
    before = everything(project.ws)
    assert run_quickly() is None
    assert everything(project.ws) == before


@pytest.mark.parametrize("place", ["http://127.0.0.1:1", "postgresql://localhost/x", "nowhere"])
def test_servers_and_workspaces_that_are_not_there_are_left_to_the_engine(project, place):
    project.run()
    assert cached_run.run(place, f"{project.folder}/train.py:train", {}) is None


def test_a_workspace_of_another_schema_is_left_to_the_engine(project, run_quickly):
    project.run()
    with project.ws.db.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert run_quickly() is None


def test_a_dataset_is_pinned_to_its_newest_version(project, run_quickly, tmp_path):
    project.write(
        "data.py",
        """
        from meguru import Dataset, pipeline, step

        @step
        def count(rows: Dataset) -> int:
            return rows.frame().height

        @pipeline
        def counted(rows: Dataset):
            return count(rows)
        """,
    )
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    add_files(project.ws, "rows", tmp_path / "a.csv")
    project.run("data.py:counted", rows="rows")
    assert run_quickly("data.py:counted", rows="rows@latest").pinned["rows"].ref == "dataset/rows@1"
    (tmp_path / "a.csv").write_text("x\n1\n2\n3\n")
    add_files(project.ws, "rows", tmp_path / "a.csv")
    assert run_quickly("data.py:counted", rows="rows@latest") is None
    assert run_quickly("data.py:counted", rows="rows@1").cached == 1
    assert run_quickly("data.py:counted", rows="nothing") is None


def test_the_command_imports_neither_the_project_nor_a_heavy_library(project):
    project.run()
    project.ws.close()
    program = (
        "import sys\nfrom meguru.cli.root import root\n"
        "root(sys.argv[1:], standalone_mode=False)\n"
        "print([name for name in ('train', 'helpers', 'sqlalchemy', 'alembic', 'polars', 'numpy', 'asyncio') "
        "if name in sys.modules])"
    )
    command = [
        sys.executable,
        "-c",
        program,
        "run",
        f"{project.folder}/train.py:train",
        "-w",
        str(project.ws.root),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=project.folder, env=os.environ
    )
    assert done.stdout.splitlines()[0].endswith("ran 0, cached 3")
    assert done.stdout.splitlines()[-1] == "[]"


FORKED = """
    from meguru import collect, gate, pipeline, step

    @step
    def numbers(n: int) -> list[int]:
        return list(range(n))

    @step
    def double(x: int) -> int:
        return 2 * x

    @step
    def total(xs: list[int]) -> int:
        return sum(xs)

    @step
    def large(x: int) -> bool:
        return x > 1

    @pipeline
    def mapped(n: int = 3):
        return total(collect(double.map(numbers(n))))

    @pipeline
    def gated(n: int = 3):
        found = total(numbers(n))
        with gate(large(found)):
            return double(found)
"""


def test_a_mapped_step_is_taken_over_whole(project, run_quickly):
    project.write("forked.py", FORKED)
    project.run("forked.py:mapped")
    slow = project.run("forked.py:mapped")
    fast = run_quickly("forked.py:mapped")
    written = json.dumps(rows_of(project.ws, fast.id)).replace(fast.id, slow.id)
    assert json.loads(written) == rows_of(project.ws, slow.id)


def test_a_pipeline_with_a_gate_is_left_to_the_engine(project, run_quickly):
    project.write("forked.py", FORKED)
    project.run("forked.py:gated")
    assert run_quickly("forked.py:gated") is None
