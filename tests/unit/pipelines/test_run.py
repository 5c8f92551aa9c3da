"""Runs: results, failures, retries, limits, cancelling, what the log says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from meguru.base.plugins import PluginFamily
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.pipelines.cancel import cancel
from meguru.pipelines.job import PipelineRunHandler
from meguru.pipelines.load import register_file
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.runner import run_file, work_on
from meguru.pipelines.show import list_pipelines, list_runs, show_pipeline, show_run
from meguru.pipelines.start import start

WAIT = """
def wait():
    import pathlib, time
    while not pathlib.Path({path!r}).exists():
        time.sleep(0.01)

"""
RISKY = """
    import os, signal, subprocess, sys, time
    from pathlib import Path
    from meguru import pipeline, step

    @step(retries={retries}, timeout={timeout})
    def risky(how: str, marks: str) -> int:
        with open(marks, "a") as file:
            file.write("x")
        tries = len(Path(marks).read_text())
        print("try", tries)
        if how == "raise":
            raise RuntimeError("boo")
        if how == "exit":
            os._exit(3)
        if how == "sys.exit":
            sys.exit("bye")
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "sleep":
            child = subprocess.Popen(["sleep", "60"])
            Path(marks + ".pid").write_text(str(child.pid))
            time.sleep(60)
        if how == "twice" and tries < 3:
            raise RuntimeError("not yet")
        if how == "object":
            return object()
        return tries

    @step
    def after(x: int) -> int:
        return x + 1

    @pipeline
    def risk(how: str, marks: str):
        return after(risky(how, marks))
"""


TWO_LINES = """
    from meguru import pipeline, step

    @step
    def say() -> int:
        print("said")
        return 1

    @pipeline(produces="thing")
    def none():
        return say()
"""


@pytest.fixture
def risk(project, tmp_path):
    def run(how, *, retries=0, timeout=None):
        project.write("risk.py", RISKY.format(retries=retries, timeout=timeout))
        return project.run("risk.py:risk", how=how, marks=str(tmp_path / "marks"))

    run.ws = project.ws
    return run


def test_a_run_ends_with_its_result_and_its_events(project, value):
    run = project.run(n=4)
    assert (run.state.value, run.ran, run.cached) == ("succeeded", 3, 0)
    assert value(run, "total") == 6
    with project.ws.read() as tx:
        told = events.read(tx, limit=100)
    kinds = [event.type for event in told]
    assert kinds == [
        "pipeline.registered",
        "pipeline_run.started",
        *["step_run.succeeded"] * 3,
        "pipeline_run.succeeded",
    ]
    assert {event.cause for event in told[2:]} == {told[1].id}
    assert told[-1].used == ("pipeline/train@1",)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", "boo"),
        ("exit", "its process ended with code 3 before the step returned (did it call os._exit?)"),
        ("sys.exit", "bye"),
        ("kill", "its process was killed by SIGKILL: out of memory, or someone killed it"),
        ("object", "a step can't return a builtins.object"),
    ],
)
def test_a_step_that_fails_fails_the_run_with_the_reason(risk, how, message):
    run = risk(how)
    assert run.state.value == "failed"
    assert run.failed is not None
    said, _, kept = run.failed.message.partition(" (what it returned is not lost: ")
    assert (run.failed.step, said) == ("risky", message)
    assert bool(kept) == (how == "object")
    assert [step.state.value for step in run.steps] == ["failed", "skipped"]
    log = [line.text for line in read_log(risk.ws, ref=f"{run.id}.risky").lines]
    assert log[0] == "try 1"
    assert any(message in line for line in log[-3:])  # why, and what to try, come after it
    assert (log[-1].startswith("try: meguru quarantine show q-")) == (how == "object")


def test_a_traceback_names_the_authors_file_and_line(risk):
    failed = risk("raise").failed
    assert failed is not None
    assert 'File "risk.py", line 13, in risky' in failed.traceback
    assert "meguru/pipelines" not in failed.traceback


def test_retries_repeat_a_failed_step(risk, value):
    run = risk("twice", retries=2)
    assert run.state.value == "succeeded"
    assert (run.steps[0].attempt, run.steps[0].failures, value(run, "risky")) == (3, 2, 3)


def test_retries_have_an_end(risk):
    run = risk("raise", retries=1)
    assert (run.state.value, run.steps[0].attempt) == ("failed", 2)


def test_what_another_attempt_can_not_mend_is_not_retried(risk):
    assert risk("object", retries=5).steps[0].attempt == 1


def test_a_limit_of_time_ends_the_step_and_what_it_started(risk, tmp_path):
    run = risk("sleep", timeout=0.5)
    assert run.failed is not None
    message = "it ran longer than its limit of 0.5 s, and was ended"
    assert run.failed.message == message
    (*_, last) = read_log(risk.ws, ref=f"{run.id}.risky").lines
    assert last.text == f"ProcessDied: {message}"
    stat = Path(f"/proc/{(tmp_path / 'marks.pid').read_text()}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_the_log_of_a_step_that_can_not_store_what_it_returns_has_the_traceback(project):
    project.write(
        "fit.py",
        """
        import numpy as np
        import polars as pl
        from sklearn.linear_model import LinearRegression
        from meguru import Model, pipeline, step

        class Own(LinearRegression):
            pass

        @step
        def fit(n: int) -> Model:
            x = pl.DataFrame({"x": [float(i) for i in range(n)]})
            return Model(Own().fit(x, np.arange(n)), example=x)

        @pipeline
        def fits(n: int = 9):
            return fit(n)
        """,
    )
    run = project.run("fit.py:fits")
    assert run.failed is not None
    log = [line.text for line in read_log(project.ws, ref=f"{run.id}.fit").lines]
    assert log[0] == "Traceback (most recent call last):"
    assert any("Own" in line for line in log[1:])


def test_the_log_of_a_step_that_can_not_begin_says_why(project):
    project.write(
        "many.py",
        """
        from meguru import pipeline, step

        @step
        def rows(n: int) -> list[int]:
            return list(range(n))

        @step
        def add(x: int, y: int) -> int:
            return x + y

        @pipeline
        def adds(n: int = 2):
            return add.map(rows(n), [1, 2, 3])
        """,
    )
    run = project.run("many.py:adds")
    assert run.failed is not None
    log = [line.text for line in read_log(project.ws, ref=f"{run.id}.add").lines]
    assert log == [f"InvalidInput: {run.failed.message}"]


def test_a_run_that_failed_by_no_step_says_why_in_its_log(project):
    project.write("none.py", TWO_LINES)
    run = project.run("none.py:none")
    assert run.failed is not None
    assert run.failed.step == ""
    log = [line.text for line in read_log(project.ws, ref=run.id).lines]
    assert log[0] == "said"
    assert "produces the model 'thing', but returned no model" in log[-1]


def test_what_a_step_prints_is_kept(risk, project):
    run = risk("ok")
    assert [line.text for line in read_log(project.ws, ref=f"{run.id}.risky").lines] == ["try 1"]


def test_cancelling_ends_the_running_step(project, tmp_path):
    project.write("risk.py", RISKY.format(retries=0, timeout=None))
    version = register_file(project.ws, f"{project.folder}/risk.py:risk")
    run = start(project.ws, pipeline=version.name, params={"how": "sleep", "marks": str(tmp_path / "marks")})
    running = threading.Event()
    worker = threading.Thread(target=work_on, args=(project.ws, run.job, lambda step: running.set()))
    worker.start()
    assert running.wait(60)
    cancel(project.ws, run=run.ref, reason="enough")
    worker.join(60)
    assert not worker.is_alive()
    after = show_run(project.ws, ref=run.id)
    assert (after.state.value, [step.state.value for step in after.steps]) == (
        "cancelled",
        ["skipped", "skipped"],
    )
    with pytest.raises(Conflict):
        cancel(project.ws, run=run.id)


def test_a_draining_worker_lets_go_and_the_next_one_goes_on(project, tmp_path):
    project.edit(
        "train.py", "def total(rows: list[int]) -> int:", "def total(rows: list[int]) -> int:\n    wait()"
    )
    project.edit("train.py", "@step\ndef total", WAIT.format(path=str(tmp_path / "go")) + "@step\ndef total")
    version = register_file(project.ws, f"{project.folder}/train.py:train")
    run = start(project.ws, pipeline=version.name)
    waiting = threading.Event()

    class Handlers(PluginFamily):
        def load(self, name):
            return PipelineRunHandler(lambda step: waiting.set() if step.step == "total" else None)

    worker = Worker(project.ws, Handlers("job handler", {"pipeline_run": ""}), threads=1)
    worker.start()
    assert waiting.wait(60)
    worker.stop()
    assert show_run(project.ws, ref=run.id).state.value == "running"
    (tmp_path / "go").touch()
    work_on(project.ws, run.job)
    done = show_run(project.ws, ref=run.id)
    assert (done.state.value, [step.attempt for step in done.steps]) == ("succeeded", [1, 1, 2])


def test_a_step_sees_the_environment_and_folder_of_today(project, value, tmp_path, monkeypatch):
    project.run()
    project.write(
        "place.py",
        """
        import os
        from meguru import pipeline, step

        @step
        def look() -> list[str]:
            return [os.environ["MARK"], os.getcwd()]

        @pipeline
        def place():
            return look()
        """,
    )
    monkeypatch.setenv("MARK", "here")
    monkeypatch.chdir(tmp_path)
    assert value(project.run("place.py:place"), "look") == ["here", str(tmp_path)]


def test_parameters_are_checked_before_anything_starts(project):
    for params, field in [({"m": 3}, "m"), ({"n": "many"}, "n")]:
        with pytest.raises(InvalidInput) as caught:
            project.run(**params)
        assert caught.value.field == field
    assert list_runs(project.ws).items == []


def test_an_unknown_pipeline_offers_the_known_ones(project):
    with pytest.raises(NotFound, match=r"there is no pipeline in train\.py 'trian'") as caught:
        project.run("train.py:trian")
    assert caught.value.hint == "did you mean 'train'?"


def test_a_file_that_can_not_be_imported_is_named_with_its_line(project):
    project.write("broken.py", "import meguru\n\n1 / 0\n\n\n@meguru.pipeline\ndef x(): ...\n")
    with pytest.raises(InvalidInput) as caught:
        project.run("broken.py:x")
    assert caught.value.where.endswith("broken.py:3")


def test_a_registered_run_uses_the_registered_source_not_the_file_of_today(project, value):
    version = register_file(project.ws, f"{project.folder}/train.py:train")
    project.edit("helpers.py", "min(x, LIMIT)", "1 / 0")
    run = start(project.ws, pipeline=version.ref)
    work_on(project.ws, run.job)
    done = show_run(project.ws, ref=run.id)
    assert (done.state.value, value(done, "total")) == ("succeeded", 3)


def test_the_same_source_is_the_same_version_and_another_is_the_next(project):
    target = f"{project.folder}/train.py:train"
    assert register_file(project.ws, target).version == 1
    assert register_file(project.ws, target).version == 1
    project.edit("helpers.py", "LIMIT = 10", "LIMIT = 11")
    assert register_file(project.ws, target).version == 2
    assert show_pipeline(project.ws, ref="train").version == 2
    assert [one.steps for one in list_pipelines(project.ws).items] == [3]


def test_a_tuple_gives_its_parts_to_different_steps(project, value):
    project.write(
        "parts.py",
        """
        from meguru import pipeline, step

        @step
        def split(n: int) -> tuple[int, dict[int, str]]:
            return n, {n: "n"}

        @step
        def use(n: int, names: dict[int, str], both: tuple, several: list[int]) -> str:
            return names[n] + str(both[1]) + str(several)

        @pipeline
        def parts(n: int = 5):
            whole = split(n)
            number, names = whole
            return use(number, names, whole, [number, 7])
        """,
    )
    run = run_file(project.ws, f"{project.folder}/parts.py")
    assert run.failed is None
    assert value(run, "use") == "n{5: 'n'}[5, 7]"


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_step_and_what_it_starts_know_the_run_that_they_are_part_of(project, value, isolation):
    project.write(
        "told.py",
        f"""
        import os, subprocess, sys
        from meguru import pipeline, step
        from meguru.base import parents

        @step(isolation="{isolation}", cache=False)
        def look() -> list[str]:
            program = "from os import getenv as e; print(e('MEGURU_PARENT'), e('MLFLOW_RUN_CONTEXT'))"
            told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
            return [parents.current(), told.strip()]

        @pipeline
        def told():
            return look()
        """,
    )
    run = project.run("told.py:told")
    inside, outside = value(run, "look")
    assert inside == run.ref
    if isolation == "process":  # threads of several runs share one environment
        assert outside == f'{run.ref} {{"meguru.parent": "{run.ref}"}}'
