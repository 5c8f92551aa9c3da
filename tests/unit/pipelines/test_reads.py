"""A result is taken again only if the files behind it are what they were, however the step came by them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meguru.compute.inherited import watch
from meguru.compute.reads.collect import Before, collect
from meguru.pipelines import cached_run
from meguru.pipelines.explain import explain

READERS = """
    import csv, json, multiprocessing, os, sqlite3, subprocess, sys, tempfile
    from pathlib import Path
    import pandas as pd
    import polars as pl
    import pyarrow.parquet as pq
    from meguru import pipeline, step

    ISOLATION = "{isolation}"

    def total(path) -> int:
        return int(pd.read_csv(path)["x"].sum())

    @step(isolation=ISOLATION)
    def by_text(path: str) -> int:
        return total(path)

    @step(isolation=ISOLATION)
    def by_path(path: Path) -> int:
        assert isinstance(path, Path)
        return total(path)

    @step(isolation=ISOLATION)
    def by_list(paths: list[str]) -> int:
        return sum(total(path) for path in paths)

    @step(isolation=ISOLATION)
    def computed(name: str) -> int:
        return total(f"{{name}}.csv")

    @step(isolation=ISOLATION)
    def native(name: str) -> int:
        return pl.scan_csv(f"{{name}}.c*v").select(pl.col("x").sum()).collect().item()

    @step(isolation=ISOLATION)
    def parquet(name: str) -> int:
        return sum(pq.read_table(name + ".parquet")["x"].to_pylist())

    @step(isolation=ISOLATION)
    def folder(name: str) -> int:
        return sum(total(path) for path in sorted(Path(name + "s").glob("*.csv")))

    @step(isolation=ISOLATION)
    def child(name: str) -> int:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.map(total, [f"{{name}}.csv"])[0]

    @step(isolation=ISOLATION)
    def forked(name: str) -> int:
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.map(total, [f"{{name}}.csv"])[0]

    @step(isolation=ISOLATION)
    def program(name: str) -> str:
        return subprocess.run(["cat", f"{{name}}.csv"], capture_output=True, text=True).stdout

    @step(isolation=ISOLATION)
    def each_file(path: str) -> int:
        return total(path)

    @pipeline
    def p_by_text(path: str = "in.csv"):
        return by_text(path)

    @pipeline
    def p_by_path(path: Path = Path("in.csv")):
        return by_path(path)

    @pipeline
    def p_by_list(paths: list[Path] = [Path("in.csv")]):
        return by_list(paths)

    @pipeline
    def p_in_body():
        return by_text("in.csv")

    @pipeline
    def p_computed(name: str = "in"):
        return computed(name)

    @pipeline
    def p_native(name: str = "in"):
        return native(name)

    @pipeline
    def p_parquet(name: str = "in"):
        return parquet(name)

    @pipeline
    def p_folder(name: str = "in"):
        return folder(name)

    @pipeline
    def p_child(name: str = "in"):
        return child(name)

    @pipeline
    def p_forked(name: str = "in"):
        return forked(name)

    @pipeline
    def p_program(name: str = "in"):
        return program(name)

    @pipeline
    def p_map(paths: list[str] = ["in.csv", "ins/a.csv"]):
        return each_file.map(paths)
"""


def put(x: int) -> None:
    import polars as pl

    frame = pl.DataFrame({"x": [x, 1]})
    Path("ins").mkdir(exist_ok=True)
    for path in ("in.csv", "ins/a.csv"):
        frame.write_csv(path)
    frame.write_parquet("in.parquet")


@pytest.fixture
def files(project, monkeypatch):
    project.write("read.py", READERS.format(isolation="process"))
    monkeypatch.chdir(project.folder)
    put(1)
    return project


def quickly(project, target: str, **params: Any):
    return cached_run.run(str(project.ws.root), target, params)


def reasons(project, run, step: str) -> list[str]:
    return explain(project.ws, ref=f"{run.id}.{step}").reasons


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("by_text", "in.csv"),
        ("by_path", "in.csv"),
        ("by_list", "in.csv"),
        ("in_body", "in.csv"),
        ("computed", "in.csv"),
        ("native", "in.csv"),
        ("parquet", "in.parquet"),
        ("folder", "ins/a.csv"),
        ("child", "in.csv"),
        ("forked", "in.csv"),
        ("program", "in.csv"),
        ("map", "in.csv"),
    ],
)
def test_a_file_that_changed_runs_the_step_again_and_says_so(files, name, path):
    target = f"{files.folder}/read.py:p_{name}"
    first = files.run(f"read.py:p_{name}")
    assert first.state == "succeeded", first.failed
    same = quickly(files, target)
    assert same is not None
    assert same.steps[0].state == "cached"
    assert path in " ".join(reasons(files, same, same.steps[0].step))
    put(5)
    assert quickly(files, target) is None
    again = files.run(f"read.py:p_{name}")
    assert again.steps[0].state == "succeeded"
    key = again.steps[0].step
    assert any(f"file {path} changed" in why for why in reasons(files, again, key)), reasons(
        files, again, key
    )
    assert again.steps[-1].outputs != first.steps[-1].outputs
    put(1)  # what it was before is known still, to both
    assert quickly(files, target) is not None
    back = files.run(f"read.py:p_{name}")
    assert (back.steps[0].state, back.steps[0].reused) == ("cached", first.steps[0].id)


def test_a_step_in_a_thread_reads_its_own_files_only(project, monkeypatch, value):
    project.write("read.py", READERS.format(isolation="thread"))
    project.write(
        "two.py",
        """
        import read
        from meguru import pipeline

        @pipeline
        def two():
            return read.computed("in"), read.folder("in"), read.native("in")
        """,
    )
    monkeypatch.chdir(project.folder)
    put(1)
    project.run("two.py:two")
    (project.folder / "ins/a.csv").write_text("x\n8\n")
    run = project.run("two.py:two")
    assert {one.step: one.state for one in run.steps} == {
        "computed": "cached",
        "folder": "succeeded",
        "native": "cached",
    }
    assert value(run, "folder") == 8


def test_a_file_that_comes_into_a_folder_counts(files):
    files.run("read.py:p_folder")
    (files.folder / "ins/b.csv").write_text("x\n3\n")
    again = files.run("read.py:p_folder")
    assert again.steps[0].state == "succeeded"
    assert any("folder ins changed" in why for why in reasons(files, again, "folder"))


WRITERS = """
    import os, tempfile
    from pathlib import Path
    import polars as pl
    from meguru import pipeline, step

    @step
    def out(n: int, to: str) -> int:
        pl.DataFrame({"x": list(range(n))}).write_csv(to)
        Path("log.txt").open("a").write("x")
        return n

    @step
    def own(n: int) -> int:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.txt").write_text(str(n))
            assert [path.name for path in Path(folder).iterdir()] == ["a.txt"]
            found = int((Path(folder) / "a.txt").read_text())
        draft, kept = f"draft{n}.txt", f"kept{n}.txt"
        Path(draft).write_text(str(found))
        os.replace(draft, kept)
        return int(Path(kept).read_text())

    @step
    def state(n: int) -> int:
        path = Path(f"count{n}.txt")
        count = int(path.read_text()) + 1 if path.exists() else n
        path.write_text(str(count))
        return count

    @step
    def moving(n: int) -> int:
        path = Path(f"moved{n}.txt")
        found = path.read_text()
        os.system(f"sleep 0.01; echo more >> {path}")
        return len(found)

    @pipeline
    def writes(n: int = 3, to: str = "out.csv"):
        return out(n, to)

    @pipeline
    def owns(n: int = 3):
        return own(n)

    @pipeline
    def states(n: int = 3):
        return state(n)

    @pipeline
    def moves(n: int = 3):
        return moving(n)
"""


@pytest.fixture
def writers(project, monkeypatch):
    project.write("write.py", WRITERS)
    monkeypatch.chdir(project.folder)
    return project


def test_what_a_step_writes_is_no_input_but_must_be_there(writers):
    assert writers.states("write.py:writes") == {"out": "succeeded"}
    assert writers.states("write.py:writes") == {"out": "cached"}
    assert quickly(writers, f"{writers.folder}/write.py:writes") is not None
    (writers.folder / "out.csv").unlink()
    assert quickly(writers, f"{writers.folder}/write.py:writes") is None
    assert writers.states("write.py:writes") == {"out": "succeeded"}
    assert (writers.folder / "out.csv").exists()
    assert writers.states("write.py:writes", to="./out.csv") == {"out": "succeeded"}
    assert writers.states("write.py:owns") == {"own": "succeeded"}
    assert writers.states("write.py:owns") == {"own": "cached"}


def test_a_result_that_rests_on_a_file_that_the_step_changes_is_not_taken_again(writers):
    (writers.folder / "count3.txt").write_text("1")
    assert writers.states("write.py:states") == {"state": "succeeded"}
    run = writers.run("write.py:states")
    assert run.steps[0].state == "succeeded"
    (why, *_) = reasons(writers, run, "state")
    assert why == "the earlier result can't be taken again: count3.txt: the step reads it and changes it"


def test_a_result_that_rests_on_a_file_that_changed_meanwhile_is_not_taken_again(writers):
    (writers.folder / "moved3.txt").write_text("1")
    run = writers.run("write.py:moves")
    assert [one.why for one in run.steps[0].files] == ["it changed while the step ran"]
    assert writers.states("write.py:moves") == {"moving": "succeeded"}


def test_from_another_folder_a_relative_path_is_another_file(files, tmp_path, monkeypatch):
    files.run("read.py:p_computed")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    put(9)
    assert files.states("read.py:p_computed") == {"computed": "succeeded"}
    monkeypatch.chdir(files.folder)
    assert files.states("read.py:p_computed") == {"computed": "cached"}


def test_what_modules_read_while_they_are_imported_counts(project, monkeypatch, value):
    project.write(
        "setting.py",
        """
        import os
        from pathlib import Path
        from meguru import pipeline, step

        LIMIT = int(Path(os.environ["LIMITS"]).read_text())

        @step
        def limit() -> int:
            return LIMIT

        @pipeline
        def limits():
            return limit()
        """,
    )
    file = project.folder / "limit.of"
    file.write_text("4")
    monkeypatch.setenv("LIMITS", str(file))
    assert value(project.run("setting.py:limits"), "limit") == 4
    assert project.states("setting.py:limits") == {"limit": "cached"}
    file.write_text("5")
    assert value(project.run("setting.py:limits"), "limit") == 5


def test_a_name_that_is_no_utf_8_is_no_fault_and_is_not_compared(tmp_path):
    odd, folder = tmp_path / os.fsdecode(b"\xff.csv"), tmp_path / "folder"
    folder.mkdir()
    for path in (odd, folder / odd.name):
        path.write_text("x")
    seen, before = watch.FileWatch(()), Before({str(folder): True})
    seen.opened(os.fsencode(odd), os.O_RDONLY)
    before.now_also({})
    found = {one.path: one for one in collect([seen], before, str(tmp_path))}
    assert msgspec.json.encode(found)
    assert "no UTF-8" in found["\\xff.csv"].why
    assert (found["folder"].how, found["folder"].why) == ("tree", "")
