"""`meguru.log` in a step: curves that grow while it runs, each point once."""

from __future__ import annotations

import threading

import pytest

import meguru
from meguru.base.plugins import PluginFamily
from meguru.compute.step_metrics import FILE, MAX_LINE, writing_to
from meguru.errors import InvalidInput
from meguru.kernel.jobs import Worker
from meguru.pipelines import metrics_ingest
from meguru.pipelines.cancel import cancel
from meguru.pipelines.job import PipelineRunHandler
from meguru.pipelines.load import register_file
from meguru.pipelines.metrics_ingest import IngestState, _named
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.tracking import show as tracked
from meguru.tracking.types import MetricPoint

TEACH = """
    import os, subprocess, sys, threading, time
    from pathlib import Path
    import meguru
    from meguru import pipeline, step

    @step(retries=2)
    def teach(rounds: int, marks: str) -> int:
        with open(marks, "a") as file:
            file.write("x")
        tries = len(Path(marks).read_text())
        {body}
        return rounds

    @step
    def judge(rounds: int) -> float:
        meguru.log(loss=9.0)
        return 0.5

    @pipeline
    def learn(rounds: int, marks: str):
        return judge(teach(rounds, marks))
"""


@pytest.fixture
def learn(project, tmp_path):
    def run(body, rounds=3):
        text = TEACH.replace("{body}", body.strip().replace("\n", "\n        "))
        project.write("learn.py", text)
        return project.run("learn.py:learn", rounds=rounds, marks=str(tmp_path / "marks"))

    return run


def curve(ws, run, key):
    return [(point.step, point.value) for point in tracked.metric(ws, run=run.tracked, key=key).items]


def test_what_a_step_logs_is_a_tracked_run_of_its_pipeline_run(project, learn):
    run = learn("for n in range(rounds): meguru.log(loss=1 / (n + 1), step=n * 10)")
    assert run.state == "succeeded"
    found = tracked.show(project.ws, run=run.tracked)
    assert (found.state, found.experiment, found.name) == ("succeeded", "learn", run.id)
    assert found.params["rounds"] == "3"
    assert found.tags == {metrics_ingest.TAG: run.id}
    assert curve(project.ws, run, "loss") == [(0, 1.0), (10, 0.5), (20, 1 / 3)]


def test_a_name_that_another_step_logs_too_gets_the_steps_name_before_it(project, learn):
    run = learn("meguru.log(loss=1.0)")
    assert curve(project.ws, run, "loss") == [(0, 1.0)]
    assert curve(project.ws, run, "judge/loss") == [(0, 9.0)]


def test_without_a_step_each_metric_counts_its_own(project, learn):
    run = learn("meguru.log(a=1); meguru.log(a=2, b=3); meguru.log({'b/c': float('nan')}, b=4)")
    assert curve(project.ws, run, "a") == [(0, 1.0), (1, 2.0)]
    assert curve(project.ws, run, "b") == [(0, 3.0), (1, 4.0)]
    assert curve(project.ws, run, "b/c") == [(0, None)]


def test_threads_and_processes_that_a_step_starts_log_to_it_too(project, learn):
    run = learn(
        "other = threading.Thread(target=meguru.log, kwargs={'thread': 1.0})\n"
        "other.start(); other.join()\n"
        "subprocess.run([sys.executable, '-c', 'import meguru; meguru.log(child=2.0)'], check=True)"
    )
    assert curve(project.ws, run, "thread") == [(0, 1.0)]
    assert curve(project.ws, run, "child") == [(0, 2.0)]


def test_a_step_that_is_tried_again_has_each_point_once(project, learn):
    run = learn(
        "for n in range(rounds):\n"
        "    meguru.log(loss=tries * 10 + n, step=n)\n"
        "    if tries < 3 and n == tries: os._exit(1)",
        rounds=4,
    )
    assert run.state == "succeeded"
    assert curve(project.ws, run, "loss") == [(0, 30.0), (1, 31.0), (2, 32.0), (3, 33.0)]
    assert tracked.show(project.ws, run=run.tracked).metrics["loss"].count == 4


def test_a_step_that_goes_on_where_it_died_keeps_what_it_had(project, learn):
    run = learn(
        "for n in range((tries - 1) * 2, 6):\n"
        "    meguru.log(loss=tries * 10 + n, step=n)\n"
        "    if tries < 3 and n == tries * 2: os._exit(1)"
    )
    assert curve(project.ws, run, "loss") == [(0, 10), (1, 11), (2, 22), (3, 23), (4, 34), (5, 35)]


def test_a_failed_run_keeps_what_was_logged_and_ends_it(project, learn):
    run = learn("meguru.log(loss=tries); raise RuntimeError('no')")
    assert run.state == "failed"
    assert tracked.show(project.ws, run=run.tracked).state == "failed"
    assert curve(project.ws, run, "loss") == [(0, 3.0)]


def test_the_points_of_a_running_step_can_be_read_and_cancelling_ends_them(project, tmp_path):
    project.write(
        "learn.py", TEACH.replace("{body}", "meguru.log(loss=1.0); time.sleep(60)").replace("retries=2", "")
    )
    version = register_file(project.ws, f"{project.folder}/learn.py:learn")
    run = start(project.ws, pipeline=version.ref, params={"rounds": 1, "marks": str(tmp_path / "m")})
    table = PluginFamily("job handler", {"pipeline_run": "meguru.pipelines.job:HANDLER"})
    assert isinstance(table.load("pipeline_run"), PipelineRunHandler)
    worker = Worker(project.ws, table)
    thread = threading.Thread(target=worker.run_job, args=(run.job,))
    thread.start()
    try:
        while (now := show_run(project.ws, ref=run.id)).tracked is None:
            assert thread.is_alive()
        assert curve(project.ws, now, "loss") == [(0, 1.0)]
        assert tracked.show(project.ws, run=now.tracked).state == "running"
    finally:
        cancel(project.ws, run=run.id)
        thread.join()
    assert tracked.show(project.ws, run=now.tracked).state == "cancelled"


def test_a_step_in_a_thread_logs_too_and_each_to_its_own_run(project, learn, tmp_path):
    text = TEACH.replace("{body}", "for n in range(rounds): meguru.log(loss=n)")
    project.write(
        "learn.py",
        text.replace("@step\n", '@step(isolation="thread")\n').replace(
            "@step(retries=2)", '@step(retries=2, isolation="thread")'
        ),
    )
    first, second = (
        project.run("learn.py:learn", rounds=rounds, marks=str(tmp_path / "marks")) for rounds in (2, 3)
    )
    assert curve(project.ws, first, "loss") == [(0, 0), (1, 1)]
    assert curve(project.ws, second, "loss") == [(0, 0), (1, 1), (2, 2)]
    assert curve(project.ws, second, "judge/loss") == [(0, 9.0)]


def test_a_long_step_is_heard_of_while_short_ones_come_and_go(project, tmp_path):
    gate = tmp_path / "gate"
    project.write(
        "mixed.py",
        f"""
        import time
        from pathlib import Path
        import meguru
        from meguru import pipeline, step

        @step
        def long() -> int:
            meguru.log(loss=1.0)
            while not Path({str(gate)!r}).exists():
                time.sleep(0.01)
            return 1

        @step
        def items() -> list[int]:
            return list(range(1000))

        @step(isolation="thread")
        def short(x: int) -> int:
            time.sleep(0.05)
            return x

        @pipeline
        def mixed():
            long()
            return short.map(items())
        """,
    )
    version = register_file(project.ws, f"{project.folder}/mixed.py:mixed")
    run = start(project.ws, pipeline=version.ref)
    worker = Worker(project.ws, PluginFamily("job handler", {"pipeline_run": "meguru.pipelines.job:HANDLER"}))
    thread = threading.Thread(target=worker.run_job, args=(run.job,))
    thread.start()
    try:
        while (now := show_run(project.ws, ref=run.id)).tracked is None:
            assert thread.is_alive()
        assert next(one.state for one in now.steps if one.step == "short") != "succeeded"
        assert curve(project.ws, now, "loss") == [(0, 1.0)]
    finally:
        gate.touch()
        cancel(project.ws, run=run.id)
        thread.join()


def test_a_run_that_logs_nothing_has_no_tracked_run(project):
    assert project.run().tracked is None


def test_lines_that_are_not_ours_are_passed_over(project, learn):
    run = learn(
        "file = open(os.environ['MEGURU_STEP_METRICS'], 'ab')\n"
        "file.write(b'{}\\n\\xff\\n' + b'x' * 3_000_000 + b'\\n[1]\\n'); file.close()\n"
        "meguru.log(loss=1.0)"
    )
    assert run.state == "succeeded"
    assert curve(project.ws, run, "loss") == [(0, 1.0)]


def test_outside_a_step_logging_is_a_line_for_the_logger(caplog):
    caplog.set_level("INFO", logger="meguru.log")
    meguru.log(auc=0.5, step=3)
    assert caplog.messages[-1] == "{'auc': 0.5} at step 3"


def test_what_can_not_be_logged_is_refused_where_it_is_logged(tmp_path):
    with writing_to(tmp_path):
        for wrong in ({"a\nb": 1.0}, {"": 1.0}, {"a": "text"}, {"a": None}):
            with pytest.raises(InvalidInput):
                meguru.log(wrong)
        with pytest.raises(InvalidInput, match="too many"):
            meguru.log({f"{n:0200}": 1.0 for n in range(MAX_LINE // 200)})
    assert not (tmp_path / FILE).exists()


def test_a_file_that_is_full_takes_no_more(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("meguru.compute.step_metrics.MAX_BYTES", 200)
    with writing_to(tmp_path):
        for n in range(20):
            meguru.log(a=n)
    assert 0 < (tmp_path / FILE).stat().st_size <= 200
    assert len([line for line in caplog.messages if "no more are kept" in line]) == 1


def test_long_names_of_another_step_that_differ_at_their_ends_stay_two():
    kept = IngestState(run="r", series={f"{'m' * 249}{n}": ("train", 1) for n in range(2)})
    points = [MetricPoint(key=key, value=1.0, step=0) for key in kept.series]
    names = {point.key for point in _named(kept, "judge", points)}
    assert [len(name) for name in names] == [250, 250]
