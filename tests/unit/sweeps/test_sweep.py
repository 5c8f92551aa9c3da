"""Sweeps from start to end: every trial is a run of the pipeline."""

from __future__ import annotations

import threading

import pytest

from meguru.app.jobs import HANDLERS
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.pipelines.cancel import cancel
from meguru.pipelines.show import list_runs, show_run
from meguru.sweeps import runner, show, store
from meguru.sweeps.runner import see_through
from meguru.sweeps.stop import resume, stop
from meguru.tracking import show as tracked


def wait_for(sweep, look, ws, thread=None):
    """Wait until `look` says so of a running sweep."""
    while True:
        with ws.read() as tx:
            after = events.head(tx)
        found = look()
        if found:
            return found
        assert thread is None or thread.is_alive()
        events.wait(ws, after=after, timeout=1.0)


def in_thread(ws, sweep):
    thread = threading.Thread(target=Worker(ws, HANDLERS).run_to_end, args=(sweep.job,))
    thread.start()
    return thread


def test_the_best_trial_is_found_and_steps_that_all_share_run_once(sweeper):
    found = sweeper.run("dicts", {"marks": str(sweeper.marks), "x": "uniform:0..1"}, metric="auc", trials=6)
    trials = sweeper.trials(found)
    assert (found.state, found.reason, found.counts) == (
        "succeeded",
        "all trials were made",
        {"succeeded": 6},
    )
    assert [one.number for one in trials] == list(range(6))
    assert found.best == max(trials, key=lambda one: one.value)
    assert all(one.value == pytest.approx(1 - (one.params["x"] - 0.3) ** 2) for one in trials)
    assert sweeper.lines().count("load") == 1
    assert len({one.run for one in trials}) == 6
    run = show_run(sweeper.ws, ref=found.best.run)
    assert (run.params["x"], run.origin) == (found.best.params["x"], found.ref)


def test_the_log_tells_the_story_of_a_sweep(sweeper):
    found = sweeper.run("numbers", {"x": [1.0, 2.0]}, metric="auc", sampler="grid")
    with sweeper.ws.read() as tx:
        told = [one for one in events.read(tx, limit=1000) if one.subject == found.ref]
        assert events.verify(tx).intact
    assert [one.type for one in told] == [
        "sweep.started",
        *["sweep_trial.started", "sweep_trial.finished"] * 2,
        "sweep.finished",
    ]
    assert told[-1].data["best"] == 2.0
    assert told[-1].data["params"] == {"x": 2.0}


def test_the_same_seed_tries_the_same(sweeper):
    params = {"x": "uniform:0..1"}
    first, again, other = (
        sweeper.run("numbers", params, metric="auc", trials=4, seed=seed) for seed in (1, 1, 2)
    )
    tried = [[one.params for one in sweeper.trials(each)] for each in (first, again, other)]
    assert tried[0] == tried[1] != tried[2]


def test_a_grid_tries_every_point_once_and_more_trials_than_points_are_not_made(sweeper):
    found = sweeper.run(
        "numbers", {"x": "uniform:0..1:0.5"}, metric="auc", sampler="grid", goal="min", trials=9
    )
    assert [one.params["x"] for one in sweeper.trials(found)] == [0.0, 0.5, 1.0]
    assert (found.trials, found.best.value) == (3, 0.0)


def test_a_value_that_a_step_logged_is_the_last_resort_and_a_cached_step_keeps_it(sweeper):
    first = sweeper.run("curves", {"x": [1, 2]}, metric="loss", goal="min", sampler="grid")
    again = sweeper.run("curves", {"x": [1, 2]}, metric="loss", goal="min", sampler="grid")
    for each in (first, again):
        assert [one.value for one in sweeper.trials(each)] == [1.2, 2.2]
    run = show_run(sweeper.ws, ref=sweeper.trials(again)[0].run)
    assert (run.cached, run.tracked) == (2, None)
    shown = show_run(sweeper.ws, ref=sweeper.trials(first)[0].run)
    assert tracked.show(sweeper.ws, run=shown.tracked).metrics["loss"].count == 3


def test_a_run_without_the_metric_is_a_failed_trial_that_says_what_there_is(sweeper):
    params = {"marks": str(sweeper.marks), "x": [0.1]}
    found = sweeper.run("dicts", params, metric="acc", sampler="grid")
    assert (found.state, found.reason, found.best) == ("failed", "no trial succeeded", None)
    assert sweeper.trials(found)[0].reason == "the run has no metric 'acc': it has auc, rows"
    with pytest.raises(NotFound, match="no trial"):
        show.best(sweeper.ws, sweep=found.id)


def test_a_failed_trial_is_counted_and_the_others_go_on(sweeper):
    found = sweeper.run("numbers", {"x": [-1.0, 3.0, -2.0]}, metric="auc", sampler="grid")
    assert found.counts == {"failed": 2, "succeeded": 1}
    assert found.best.params == {"x": 3.0}
    assert sweeper.trials(found)[0].reason == "number: ValueError: x is below 0"


def test_a_sweep_of_which_too_many_trials_fail_fails(sweeper):
    found = sweeper.run("numbers", {"x": "uniform:-2..-1"}, metric="auc", trials=20, max_failed=2)
    assert (found.state, found.counts) == ("failed", {"failed": 3})
    assert "3 trials failed" in found.reason
    assert "x is below 0" in found.reason
    again = resume(sweeper.ws, sweep=found.id)
    assert see_through(sweeper.ws, again).counts == {"failed": 6}


def test_of_trials_that_ended_a_look_reads_nothing(sweeper, monkeypatch):
    read, tallied = [], []
    kept_trial, kept_counts = store._trial, store._counts
    monkeypatch.setattr(store, "_trial", lambda row: read.append(row.number) or kept_trial(row))
    monkeypatch.setattr(store, "_counts", lambda tx, ids: tallied.append(ids) or kept_counts(tx, ids))
    found = sweeper.start("numbers", {"x": [float(n) for n in range(8)]}, metric="auc", sampler="grid")
    del tallied[:]
    Worker(sweeper.ws, HANDLERS).run_to_end(found.job)
    # One trial at a time: what has ended is not read again once the next one is there.
    assert (read == sorted(read), set(read)) == (True, set(range(8)))
    assert tallied == []
    assert sweeper.trials(found)[7].state == "succeeded"


def test_who_waits_for_another_process_reads_each_trial_that_ended_once(sweeper, monkeypatch):
    found = sweeper.run("numbers", {"x": [1.0, 2.0, 3.0]}, metric="auc", sampler="grid")
    told, asked = [], []
    watch = runner._Watch(lambda _, trial: told.append(trial.number))
    trials = show.trials
    monkeypatch.setattr(show, "trials", lambda *args, **of: asked.append(of["cursor"]) or trials(*args, **of))
    watch.look(sweeper.ws, found)
    watch.look(sweeper.ws, found)
    assert (told, asked) == ([0, 1, 2], ["", "2"])


def test_a_sweep_ends_when_its_target_is_reached(sweeper):
    found = sweeper.run("numbers", {"x": [1.0, 5.0, 2.0]}, metric="auc", sampler="grid", target=5.0)
    assert (found.state, found.reason, found.counts) == ("succeeded", "auc reached 5", {"succeeded": 2})


def test_a_sweep_ends_when_its_time_is_over(sweeper):
    found = sweeper.run("numbers", {"x": "uniform:0..1"}, metric="auc", timeout=0.001)
    assert (found.state, found.reason, found.counts) == ("failed", "its time is over", {})


def test_a_trial_that_is_worse_than_the_median_is_given_up(sweeper, tmp_path):
    params = {"x": [1, 2, 3, 4, 5, 99, 0], "gate": str(tmp_path / "never")}
    found = sweeper.run("curves", params, metric="loss", goal="min", sampler="grid", pruner="median")
    trials = sweeper.trials(found)
    assert [one.state for one in trials] == [*["succeeded"] * 5, "pruned", "succeeded"]
    assert (trials[5].value, trials[5].step) == (99.2, 2)
    assert "worse than the median" in trials[5].reason
    run = show_run(sweeper.ws, ref=trials[5].run)
    assert run.state == "cancelled"
    assert found.best.params["x"] == 0


def test_a_stopped_sweep_goes_on_with_the_trial_that_was_cut_off(sweeper, tmp_path):
    gate = tmp_path / "gate"
    params = {"x": [1, 99, 2], "gate": str(gate)}
    made = sweeper.start("curves", params, metric="loss", goal="min", sampler="grid")
    thread = in_thread(sweeper.ws, made)
    wait_for(made, lambda: len(sweeper.trials(made)) == 2, sweeper.ws, thread)
    stopped = stop(sweeper.ws, sweep=made.id, reason="lunch")
    thread.join()
    assert (stopped.state, stopped.reason) == ("stopped", "lunch")
    assert stopped.counts == {"succeeded": 1, "cancelled": 1}
    cut_off = sweeper.trials(made)[1]
    assert show_run(sweeper.ws, ref=cut_off.run).state == "cancelled"
    with pytest.raises(Conflict, match="is over"):
        stop(sweeper.ws, sweep=made.id)

    gate.touch()
    found = see_through(sweeper.ws, resume(sweeper.ws, sweep=made.id))
    trials = sweeper.trials(found)
    assert found.counts == {"succeeded": 3}
    assert [one.params["x"] for one in trials] == [1, 99, 2]
    assert trials[1].run != cut_off.run
    with pytest.raises(Conflict, match="made its 3 trials"):
        resume(sweeper.ws, sweep=made.id)


def test_a_sweep_that_is_over_can_get_more_trials(sweeper):
    found = sweeper.run("numbers", {"x": "uniform:0..1"}, metric="auc", trials=2)
    more = see_through(sweeper.ws, resume(sweeper.ws, sweep=found.id, trials=4))
    whole = sweeper.run("numbers", {"x": "uniform:0..1"}, metric="auc", trials=4)
    assert [one.params for one in sweeper.trials(more)] == [one.params for one in sweeper.trials(whole)]


def test_a_trial_whose_run_somebody_cancels_has_failed_and_the_sweep_goes_on(sweeper, tmp_path):
    params = {"x": [99, 2], "gate": str(tmp_path / "never")}
    made = sweeper.start("curves", params, metric="loss", sampler="grid")
    thread = in_thread(sweeper.ws, made)
    trial = wait_for(made, lambda: sweeper.trials(made), sweeper.ws, thread)[0]
    cancel(sweeper.ws, run=trial.run)
    thread.join()
    assert [one.reason for one in sweeper.trials(made)] == ["its run cancelled", ""]


def test_at_most_so_many_trials_run_at_a_time(sweeper, tmp_path):
    gate = tmp_path / "gate"
    params = {"x": [97, 98, 99], "gate": str(gate)}
    made = sweeper.start("curves", params, metric="loss", sampler="grid", parallel=2)
    thread = in_thread(sweeper.ws, made)
    wait_for(
        made,
        lambda: sum(run.tracked is not None for run in list_runs(sweeper.ws).items) == 2,
        sweeper.ws,
        thread,
    )
    assert len(sweeper.trials(made)) == 2
    gate.touch()
    thread.join()
    assert show.show(sweeper.ws, sweep=made.id).counts == {"succeeded": 3}


def test_one_worker_is_enough_for_a_sweep_and_its_runs(sweeper):
    made = sweeper.start("numbers", {"x": "uniform:0..1"}, metric="auc", trials=3)
    worker = Worker(sweeper.ws, HANDLERS, threads=1)
    worker.start()
    try:
        wait_for(made, lambda: show.show(sweeper.ws, sweep=made.id).state == "succeeded", sweeper.ws)
    finally:
        worker.stop()


def test_a_dataset_means_the_same_version_in_all_trials(sweeper, tmp_path):
    from meguru.datasets.client import add_files

    (tmp_path / "rows.csv").write_text("a\n1\n")
    add_files(sweeper.ws, "rows", [tmp_path / "rows.csv"])
    (sweeper.folder / "flow.py").write_text(
        "from meguru import Dataset, pipeline, step\n\n"
        "@step\ndef total(rows: Dataset, x: int) -> int:\n    return rows.frame()['a'].sum() * x\n\n"
        "@pipeline\ndef totals(rows: Dataset, x: int):\n    return total(rows, x)\n"
    )
    made = sweeper.start("totals", {"rows": "rows@latest", "x": [1, 2]}, metric="sum", sampler="grid")
    assert made.params == {"rows": "dataset/rows@1"}
    (tmp_path / "rows.csv").write_text("a\n100\n")
    add_files(sweeper.ws, "rows", [tmp_path / "rows.csv"])
    assert see_through(sweeper.ws, made).best.value == 2


def test_a_list_for_a_parameter_that_takes_one_is_a_value_and_no_choice(sweeper):
    (sweeper.folder / "flow.py").write_text(
        "from meguru import pipeline, step\n\n"
        "@step\ndef total(rows: list[int], x: int) -> int:\n    return sum(rows) * x\n\n"
        "@pipeline\ndef totals(rows: list[int], x: int):\n    return total(rows, x)\n"
    )
    found = sweeper.run("totals", {"rows": [1, 2], "x": [1, 5]}, metric="sum", sampler="grid")
    assert (found.params, found.best.value) == ({"rows": [1, 2]}, 15)


@pytest.mark.parametrize(
    ("params", "options", "what"),
    [
        ({"y": "int:1..2"}, {}, "no parameter 'y'"),
        ({"x": "choice:a,b"}, {}, "x='a' can't be used"),
        ({"x": 1.0}, {}, "nothing to search"),
        ({"x": "uniform:2..1"}, {}, "x can't be searched"),
        ({"x": "uniform:0..1"}, {"sampler": "grid"}, "can't be laid out as a grid"),
        ({"x": "uniform:0..1"}, {"trials": 0}, "trials can't be 0"),
        ({"x": "uniform:0..1"}, {"parallel": 65}, "parallel can't be 65"),
        ({"x": "uniform:0..1"}, {"timeout": -1.0}, "timeout can't be"),
        ({"x": "uniform:0..1"}, {"metric": "a\nb"}, "can't name a metric"),
        ({"x": "uniform:0..1"}, {"sampler": "best"}, "sampler"),
        ({"x": "uniform:0..1"}, {"seed": 2**70}, "seed"),
    ],
)
def test_what_can_not_be_swept_is_refused_before_anything_starts(sweeper, params, options, what):
    with pytest.raises(InvalidInput, match=what):
        sweeper.start("numbers", params, **{"metric": "auc", **options})
    assert show.list_sweeps(sweeper.ws).items == []


def test_a_parameter_is_either_searched_or_given(sweeper):
    from meguru.pipelines.load import register_file
    from meguru.sweeps.start import start
    from meguru.sweeps.types import Search, Uniform

    version = register_file(sweeper.ws, f"{sweeper.folder}/flow.py:numbers")
    with pytest.raises(InvalidInput, match="both searched and given"):
        start(
            sweeper.ws,
            pipeline=version.ref,
            space={"x": Uniform(low=0, high=1)},
            params={"x": 1.0},
            search=Search(metric="auc"),
        )


def test_without_optuna_the_error_names_the_extra_and_a_grid_still_works(sweeper, monkeypatch):
    from meguru.errors import MissingDependency
    from meguru.sweeps import suggest

    monkeypatch.setattr(suggest, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency) as caught:
        sweeper.start("numbers", {"x": "uniform:0..1"}, metric="auc")
    assert caught.value.hint == "pip install 'meguru[sweep]'"
    assert sweeper.run("numbers", {"x": [1.0]}, metric="auc", sampler="grid").state == "succeeded"


def test_the_trials_of_a_sweep_come_in_pages(sweeper):
    found = sweeper.run("numbers", {"x": [1.0, 2.0, 3.0]}, metric="auc", sampler="grid")
    page = show.trials(sweeper.ws, sweep=found.ref, limit=2)
    rest = show.trials(sweeper.ws, sweep=found.ref, cursor=page.next_cursor)
    assert [one.number for one in [*page.items, *rest.items]] == [0, 1, 2]
    with pytest.raises(InvalidInput):
        show.trials(sweeper.ws, sweep=found.ref, cursor="x")
    with pytest.raises(NotFound, match="no sweep"):
        show.trials(sweeper.ws, sweep="sweep-none")
