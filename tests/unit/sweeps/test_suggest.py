"""What is tried next follows from the seed and the trials before, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.sweeps.suggest import STARTUP, Suggester, is_hopeless, suggest
from meguru.sweeps.types import Choice, Trial, TrialState, Uniform, Whole

SPACE = {
    "lr": Uniform(low=1e-4, high=1e-1, log=True),
    "drop": Uniform(low=0.0, high=0.55, step=0.1),
    "depth": Whole(low=2, high=11, step=2),
    "kind": Choice(values=[1, True, "1", None, 1.5]),
}


def trial(number, params, value=None, state=TrialState.SUCCEEDED, step=None):
    return Trial(
        sweep="s",
        number=number,
        state=state,
        params=params,
        run="r",
        value=value,
        step=step,
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def played(sweep, count, history=()):
    """Play trials whose value is better the nearer `lr` is to 0.01."""
    trials = list(history)
    while len(trials) < count:
        params = suggest(sweep, len(trials), trials)
        trials.append(trial(len(trials), params, -abs(params["lr"] - 0.01)))
    return trials


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_seed_suggests_the_same_and_so_does_one_that_was_cut_off(made, sampler):
    sweep = made(space=SPACE, sampler=sampler, seed=3)
    whole = played(sweep, 25)
    assert played(sweep, 25, whole[:13]) == whole
    assert played(made(space=SPACE, sampler=sampler, seed=4), 25) != whole


def test_a_study_that_is_kept_suggests_as_one_that_is_built_each_time(made):
    sweep = made(space=SPACE, seed=8)
    kept, trials = Suggester(sweep), []
    for number in range(30):
        params = kept.suggest(number, trials)
        assert params == suggest(sweep, number, trials)
        value = -abs(params["lr"] - 0.01)
        state = [TrialState.SUCCEEDED, TrialState.SUCCEEDED, TrialState.PRUNED, TrialState.FAILED][number % 4]
        known = None if state is TrialState.FAILED else value
        trials.append(trial(number, params, known, state, step=2 if state is TrialState.PRUNED else None))


def test_what_is_learned_is_used(made):
    sweep = made(space=SPACE, goal="min")
    values = [abs(each.params["lr"] - 0.01) for each in played(made(space=SPACE, goal="max"), 60)]
    assert sorted(values[40:])[10] < sorted(values[:20])[10]
    assert suggest(sweep, 60, played(made(space=SPACE), 60)) != suggest(made(space=SPACE), 60, [])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 5000), st.sampled_from(["tpe", "random"]))
def test_every_suggestion_is_in_its_range(seed, number, sampler):
    from meguru.sweeps.suggest import _distributions, _given_back, _sampler, _study

    class Given:
        pass

    given_ = Given()
    given_.seed, given_.sampler, given_.goal, given_.parallel = seed, sampler, "max", 2
    study = _study(given_, [])
    study.sampler = _sampler(given_, number)
    chosen = study.ask(fixed_distributions=_distributions(SPACE)).params
    found = {name: _given_back(SPACE[name], chosen[name]) for name in SPACE}
    assert 1e-4 <= found["lr"] <= 1e-1
    assert round(found["drop"], 9) in {0.0, 0.1, 0.2, 0.3, 0.4, 0.5}
    assert found["depth"] in {2, 4, 6, 8, 10}
    assert type(found["depth"]) is int
    assert any(type(found["kind"]) is type(one) and found["kind"] == one for one in SPACE["kind"].values)


def test_trials_of_every_state_can_stand_before(made):
    sweep = made(space={"x": Uniform(low=0.0, high=1.0)}, parallel=4)
    states = [
        TrialState.SUCCEEDED,
        TrialState.PRUNED,
        TrialState.FAILED,
        TrialState.RUNNING,
        TrialState.CANCELLED,
    ]
    before = [
        trial(
            n,
            {"x": n / 40},
            n / 40 if states[n % 5] in {TrialState.SUCCEEDED, TrialState.PRUNED} else None,
            states[n % 5],
            step=3 if states[n % 5] is TrialState.PRUNED else None,
        )
        for n in range(40)
    ]
    assert 0.0 <= suggest(sweep, 40, before)["x"] <= 1.0


def test_a_trial_is_hopeless_when_it_is_worse_than_the_median_at_its_step(made):
    sweep = made(pruner="median")
    before = [trial(n, {"x": 0.5}, 0.9) for n in range(STARTUP)]
    running = [trial(STARTUP, {"x": 0.1}, None, TrialState.RUNNING)]
    good = {n: {0: 0.5, 1: 0.6 + n / 100, 2: 0.9} for n in range(STARTUP)}
    assert not is_hopeless(sweep, STARTUP, before + running, good | {STARTUP: {0: 0.5, 1: 0.7}})
    assert is_hopeless(sweep, STARTUP, before + running, good | {STARTUP: {0: 0.5, 1: 0.55}})
    assert is_hopeless(
        made(pruner="median", goal="min"), STARTUP, before + running, good | {STARTUP: {1: 0.7}}
    )
    assert not is_hopeless(sweep, STARTUP, before + running, good | {STARTUP: {}})
    assert not is_hopeless(made(), STARTUP, before + running, good | {STARTUP: {1: 0.0}})


def test_before_there_is_a_median_no_trial_is_hopeless(made):
    sweep = made(pruner="median")
    before = [trial(n, {"x": 0.5}, 0.9) for n in range(STARTUP - 1)]
    running = trial(STARTUP - 1, {"x": 0.1}, None, TrialState.RUNNING)
    values = {n: {0: 0.9} for n in range(STARTUP - 1)} | {STARTUP - 1: {0: 0.0}}
    assert not is_hopeless(sweep, STARTUP - 1, [*before, running], values)
