"""Runs that wait: for people's answers, for a pause to end, for the time of a retry; and runs begun again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.errors import Conflict, Forbidden, NotFound
from meguru.kernel import events, jobs
from meguru.kernel.principals import Principal
from meguru.pipelines.approvals.decide import decide, list_approvals
from meguru.pipelines.cancel import cancel
from meguru.pipelines.load import register_file
from meguru.pipelines.pause import pause, resume
from meguru.pipelines.retry import retry
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import list_runs, show_run
from meguru.pipelines.start import start

FLOW = """
    from pathlib import Path

    from meguru import approve, gate, pipeline, step

    @step
    def fit(x: int) -> int:
        return x * 2

    @step(cache=False)
    def ship(x: int) -> str:
        return f"shipped {x}"

    @step(retries=3, backoff=40, cache=False)
    def flaky(marks: str) -> int:
        tries = len(Path(marks).read_text()) if Path(marks).exists() else 0
        Path(marks).write_text("x" * (tries + 1))
        if tries < 2:
            raise RuntimeError(f"try {tries}")
        return tries

    @step
    def last(x: int) -> int:
        if not Path(str(x)).exists() and x < 0:
            raise RuntimeError("negative")
        return x

    @pipeline
    def flow(x: int = 1):
        model = fit(x)
        approve("Ship it?", by="lead", timeout="2h", four_eyes=True, doubled=model)
        return ship(model)

    @pipeline
    def block(x: int = 1):
        model = fit(x)
        with gate(approve("Ship it?")):
            ship(model)
        return fit(model)

    @pipeline
    def patient(marks: str):
        return flaky(marks)
"""
LEAD = Principal(name="lead", permissions=frozenset({"approval:write"}))


@pytest.fixture
def flows(project):
    project.write("flow.py", FLOW)
    return project


@pytest.fixture
def begin(flows):
    def started(name, **params):
        version = register_file(flows.ws, f"{flows.folder}/flow.py:{name}")
        run = start(flows.ws, pipeline=version.ref, params=params)
        work_on(flows.ws, run.job)
        return show_run(flows.ws, ref=run.id)

    return started


def states(run):
    return {one.step: one.state.value for one in run.steps}


def job_state(ws, run):
    with ws.read() as tx:
        return jobs.find(tx, run.job).state


def test_a_question_holds_no_process_and_the_answer_brings_the_run_on(begin, workspace):
    run = begin("flow", x=4)
    assert (run.state, job_state(workspace, run)) == ("waiting", "parked")
    assert states(run) == {"fit": "succeeded", "approve": "asking", "ship": "waiting"}
    (question,) = list_approvals(workspace).items
    assert (question.question, question.by, question.shown) == ("Ship it?", "lead", {"doubled": "8"})
    answered = decide(workspace.with_(principal=LEAD), step=f"{run.id}.approve", approve=True, note="fine")
    assert (answered.state, answered.decided_by) == ("approved", "lead")
    work_on(workspace, run.job)
    done = show_run(workspace, ref=run.id)
    assert (done.state, states(done)["ship"]) == ("succeeded", "succeeded")
    assert list_approvals(workspace).items == []


def test_the_counts_of_a_run_are_true_at_any_time(begin, workspace):
    def counts(run):
        return (run.ran, run.cached, run.skipped)

    begin("block")
    run = begin("block")
    assert run.state == "waiting"
    assert counts(run) == counts(list_runs(workspace, state=run.state).items[0]) == (0, 2, 0)
    asked = begin("flow", x=7)
    assert counts(asked) == (1, 0, 0)
    cancelled = cancel(workspace, run=asked.id)
    assert counts(cancelled) == counts(show_run(workspace, ref=asked.id)) == (1, 0, 1)
    decide(workspace, step=f"{run.id}.approve", approve=False)
    work_on(workspace, run.job)
    assert counts(show_run(workspace, ref=run.id)) == (0, 2, 1)


def test_a_refusal_skips_what_waits_and_the_run_succeeds(begin, workspace):
    run = begin("flow")
    decide(workspace.with_(principal=LEAD), step=f"{run.id}.approve", approve=False)
    work_on(workspace, run.job)
    done = show_run(workspace, ref=run.id)
    assert (done.state, states(done)["ship"]) == ("succeeded", "skipped")
    assert done.steps[-1].reason == "gate approve said no"


def test_an_answer_as_a_gate_rules_its_block_only(begin, workspace):
    run = begin("block")
    assert states(run) == {"fit": "succeeded", "approve": "asking", "ship": "waiting", "fit-2": "succeeded"}
    decide(workspace, step=f"{run.id}.approve", approve=False)
    work_on(workspace, run.job)
    assert states(show_run(workspace, ref=run.id))["ship"] == "skipped"


def test_nobody_answered_in_time_is_a_refusal(begin, workspace, clock):
    workspace.clock = clock
    run = begin("flow")
    clock.move(timedelta(hours=3))
    work_on(workspace, run.job)
    done = show_run(workspace, ref=run.id)
    assert (done.state, states(done)["ship"]) == ("succeeded", "skipped")
    assert [one.state for one in list_approvals(workspace, state=None).items] == ["expired"]


def test_only_who_is_asked_may_answer_once_and_not_who_started_the_run(begin, workspace):
    run = begin("flow")
    someone = Principal(name="ann", permissions=frozenset({"approval:write"}))
    with pytest.raises(Forbidden, match="ann may not answer"):
        decide(workspace.with_(principal=someone), step=f"{run.id}.approve", approve=True)
    with pytest.raises(Forbidden, match="local may not answer"):
        decide(workspace, step=f"{run.id}.approve", approve=True)
    with pytest.raises(NotFound):
        decide(workspace, step=f"{run.id}.fit", approve=True)
    decide(workspace.with_(principal=LEAD), step=f"{run.id}.approve", approve=True)
    with pytest.raises(Conflict, match="can't be answered any more"):
        decide(workspace.with_(principal=LEAD), step=f"{run.id}.approve", approve=False)


def test_a_cancelled_run_closes_its_questions(begin, workspace):
    run = begin("flow")
    cancel(workspace, run=run.id)
    assert list_approvals(workspace).items == []
    assert states(show_run(workspace, ref=run.id)) == {
        "fit": "succeeded",
        "approve": "skipped",
        "ship": "skipped",
    }


def test_a_paused_run_starts_nothing_until_it_is_resumed(flows, workspace):
    version = register_file(workspace, f"{flows.folder}/flow.py:block")
    run = start(workspace, pipeline=version.ref)
    pause(workspace, run=run.id, reason="full moon")
    work_on(workspace, run.job)
    paused = show_run(workspace, ref=run.id)
    assert (paused.state, paused.paused, job_state(workspace, run)) == ("paused", True, "parked")
    assert set(states(paused).values()) == {"waiting"}
    resume(workspace, run=run.id)
    with pytest.raises(Conflict, match="is not paused"):
        resume(workspace, run=run.id)
    work_on(workspace, run.job)
    assert show_run(workspace, ref=run.id).state == "waiting"
    with workspace.read() as tx:
        kinds = [one.type for one in events.read(tx, after=0, limit=100)]
    assert kinds.count("pipeline_run.paused") == kinds.count("pipeline_run.resumed") == 1


def test_a_pause_keeps_a_waiting_run_from_going_on_when_it_is_answered(begin, workspace):
    run = begin("block")
    pause(workspace, run=run.id)
    decide(workspace, step=f"{run.id}.approve", approve=True)
    work_on(workspace, run.job)
    assert states(show_run(workspace, ref=run.id))["ship"] == "waiting"
    resume(workspace, run=run.id)
    work_on(workspace, run.job)
    assert show_run(workspace, ref=run.id).state == "succeeded"


def test_a_long_backoff_gives_the_job_back_and_doubles(flows, workspace, clock, tmp_path):
    workspace.clock = clock
    version = register_file(workspace, f"{flows.folder}/flow.py:patient")
    run = start(workspace, pipeline=version.ref, params={"marks": str(tmp_path / "marks")})
    worker = jobs.Worker(workspace, _handlers())
    worker.run_job(run.job)
    waiting = show_run(workspace, ref=run.id)
    assert (waiting.state, job_state(workspace, run)) == ("waiting", "parked")
    assert waiting.steps[0].due_at - waiting.steps[0].finished_at == timedelta(seconds=40)
    clock.move(timedelta(seconds=41))
    worker.run_job(run.job)
    waiting = show_run(workspace, ref=run.id)
    assert waiting.steps[0].due_at - waiting.steps[0].finished_at == timedelta(seconds=80)
    clock.move(timedelta(seconds=81))
    worker.run_job(run.job)
    assert show_run(workspace, ref=run.id).state == "succeeded"


def test_a_retry_takes_over_what_was_done_and_runs_the_rest(begin, workspace):
    run = begin("block", x=3)
    decide(workspace, step=f"{run.id}.approve", approve=True)
    with pytest.raises(Conflict, match="has not ended"):
        retry(workspace, run=run.id)
    work_on(workspace, run.job)
    again = retry(workspace, run=run.id)
    work_on(workspace, again.job)
    shown = show_run(workspace, ref=again.id)
    # Even what is never cached, and the answer, belong to the run that is repeated.
    assert set(states(shown).values()) == {"cached"}
    assert (shown.retry_of, shown.state) == (run.id, "succeeded")


def test_a_retry_from_a_step_runs_it_and_what_depends_on_it(begin, workspace):
    run = begin("block", x=3)
    decide(workspace, step=f"{run.id}.approve", approve=True)
    work_on(workspace, run.job)
    again = retry(workspace, run=run.id, step="ship")
    work_on(workspace, again.job)
    assert states(show_run(workspace, ref=again.id)) == {
        "fit": "cached",
        "approve": "cached",
        "ship": "succeeded",
        "fit-2": "cached",
    }
    with pytest.raises(NotFound):
        retry(workspace, run=run.id, step="shop")


def _handlers():
    from meguru.base.plugins import PluginFamily

    return PluginFamily("job handler", {"pipeline_run": "meguru.pipelines.job:HANDLER"})
