"""The pages of sweeps, and their drawings."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as some

from meguru.console.charts.trials import Axis, Dot, TrialLine, ends, parallel, place_of, progress
from meguru.console.pages.sweeps import best_so_far
from meguru.pipelines.load import register_file
from meguru.sweeps import store
from meguru.sweeps.start import start
from meguru.sweeps.types import Choice, Search, Trial, TrialState, Uniform, Whole

HOSTILE = "<script>alert('x')</script>\"><img src=//evil.example/a.png>"
FLOW = (
    "from meguru import pipeline, step\n\n"
    "@step\ndef teach(x: float, depth: int, kind: str | int | None) -> float:\n    return x\n\n"
    "@pipeline\ndef flow(x: float, depth: int, kind: str | int | None):\n    return teach(x, depth, kind)\n"
)
finite = some.floats(-1e12, 1e12)


@pytest.fixture
def sweep(workspace, tmp_path):
    """A sweep of which some trials were made."""
    (tmp_path / "flow.py").write_text(FLOW)
    version = register_file(workspace, f"{tmp_path}/flow.py:flow")
    space = {
        "x": Uniform(low=1e-4, high=1.0, log=True),
        "depth": Whole(low=2, high=9),
        "kind": Choice(values=["a", HOSTILE, None, 1]),
    }
    made = start(workspace, pipeline=version.ref, space=space, search=Search(metric="auc", trials=40))
    states = [*[TrialState.SUCCEEDED] * 5, TrialState.PRUNED, TrialState.FAILED, TrialState.RUNNING]
    with workspace.db.write() as tx:
        for number in range(16):
            state = states[number % 8]
            known = state in {TrialState.SUCCEEDED, TrialState.PRUNED}
            trial = Trial(
                sweep=made.id,
                number=number,
                state=state,
                params={
                    "x": 10 ** -(number % 4),
                    "depth": 2 + number % 8,
                    "kind": space["kind"].values[number % 4],
                },
                run=f"prun-{number}",
                value=number / 16 if known else None,
                step=1 if state is TrialState.PRUNED else None,
                reason=HOSTILE if state is TrialState.FAILED else "",
                started_at=workspace.clock.now(),
            )
            store.put_trial(tx, trial, new=True)
    return made


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_sweep_shows_its_trials_best_value_and_drawings(browser, sweep, language):
    answer = browser.get(f"/ui/sweeps/{sweep.id}", headers={"Accept-Language": language})
    assert answer.status_code == 200
    for part in ("progress", "parallel", "about", "trials"):
        assert f'id="{part}"' in answer.text
    assert answer.text.count('class="trial') == 10
    assert (
        answer.text.count('class="dot') - answer.text.count('class="dot other"') == 10 + 1
    )  # and the brand's
    assert "0.7500" in answer.text
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert ("最良" in answer.text) == (language == "ja")


def test_the_list_of_sweeps_leads_to_each(browser, sweep, workspace):
    text = browser.get("/ui/sweeps").text
    assert f'href="/ui/sweeps/{sweep.id}"' in text
    assert "14 / 40" in text
    with workspace.db.write() as tx:
        store.change(tx, sweep.id, state="failed", reason=HOSTILE)
    shown = browser.get(f"/ui/sweeps/{sweep.id}").text
    assert "notice bad" in shown
    assert "<script>alert" not in shown


def test_a_sweep_without_a_value_yet_has_no_drawing(browser, workspace, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    version = register_file(workspace, f"{tmp_path}/flow.py:flow")
    space = {"depth": Whole(low=2, high=9)}
    made = start(
        workspace,
        pipeline=version.ref,
        space=space,
        params={"x": 1.0, "kind": None},
        search=Search(metric="auc", sampler="grid"),
    )
    text = browser.get(f"/ui/sweeps/{made.id}").text
    assert 'id="progress"' not in text
    assert "0 / 8" in text


@given(some.lists(some.tuples(finite, some.booleans()), min_size=1, max_size=30), some.booleans())
def test_progress_is_drawn_for_any_values(values, rising):
    trials = [
        Trial(
            sweep="s",
            number=at,
            state=TrialState.PRUNED if pruned else TrialState.SUCCEEDED,
            params={},
            run="r",
            value=value,
            started_at=None,
        )
        for at, (value, pruned) in enumerate(values)
    ]

    class Goal:
        goal = "max" if rising else "min"

    best = best_so_far(Goal, trials)
    known = [trial.value for trial in trials if trial.state is TrialState.SUCCEEDED]
    assert [value for _, value in best] == sorted({value for _, value in best}, reverse=not rising)
    assert not known or best[-1][1] == (max(known) if rising else min(known))
    dots = [Dot(number=trial.number, value=trial.value, tip="<b>") for trial in trials]
    drawing = progress(dots, best, "label <x>")
    assert "nan" not in drawing
    assert len(ET.fromstring(drawing).findall("circle")) == len(values)


@given(finite, finite, finite)
def test_a_place_is_between_the_ends(value, low, high):
    assert 0 <= place_of(value, min(low, high), max(low, high)) <= 1
    logarithmic = place_of(abs(value) + 1e-9, 1e-9, abs(high) + 1e-9, log=True)
    assert 0 <= logarithmic <= 1
    assert not math.isnan(logarithmic)


def test_the_best_line_is_drawn_last_so_that_it_is_seen():
    axes = [Axis(name=name, marks=ends(0, 1)) for name in ("a", "<b>")]
    lines = [TrialLine(places=[0.5, 0.5], rank=rank, tip="t") for rank in (1, 0, 2)]
    drawn = ET.fromstring(parallel(axes, lines, "label")).findall("path")
    assert [each.get("class") for each in drawn] == ["trial", "trial", "trial best"]
