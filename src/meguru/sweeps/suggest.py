"""What to try next, and what to give up: Optuna, asked with nothing but our own rows.

Optuna keeps no state for us. Its study is built from the trials each time, and its random numbers follow
from the sweep's seed and the trial's number. So the same trials are suggested after a crash as without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from meguru.base import digests
from meguru.errors import MissingDependency
from meguru.sweeps import space as spaces
from meguru.sweeps.types import Choice, Scalar, Space, Sweep, Trial, TrialState, Uniform

if TYPE_CHECKING:
    import optuna

Values = Mapping[int, float]
"""A metric's values by step."""
STARTUP = 5
"""A median is of so many trials at least; before that, none is given up."""


def needs_optuna(sampler: str, pruner: str) -> bool:
    """Tell whether a sweep needs the library; a plain grid does not."""
    return sampler != "grid" or pruner != "none"


def check_installed() -> None:
    """Raise MissingDependency unless Optuna is there."""
    if find_spec("optuna") is None:
        raise MissingDependency.of("sweep", "optuna")


def suggest(sweep: Sweep, number: int, trials: Sequence[Trial]) -> dict[str, Scalar]:
    """Return the parameters of trial `number`, given those before it."""
    if sweep.sampler == "grid":
        return spaces.grid_point(sweep.space, number)
    wanted = _distributions(sweep.space)
    study = _study(sweep, [_frozen(trial, wanted, {}) for trial in trials], number=number)
    chosen = study.ask(fixed_distributions=wanted).params
    return {name: _given_back(sweep.space[name], chosen[name]) for name in sweep.space}


def is_hopeless(sweep: Sweep, number: int, trials: Sequence[Trial], values: Mapping[int, Values]) -> bool:
    """Tell whether to give up a running trial; `values` are those logged so far, by number of the trial."""
    if sweep.pruner == "none" or not values.get(number):
        return False
    import optuna

    last = max(values[number])
    wanted = _distributions(sweep.space)
    seen = [one for one in trials if one.number == number or one.state is TrialState.SUCCEEDED]
    frozen = [
        _frozen(one, wanted, {at: value for at, value in values.get(one.number, {}).items() if at <= last})
        for one in seen
    ]
    study = _study(sweep, frozen, number=number)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
    mine = [one.number for one in seen].index(number)
    return bool(pruner.prune(study, study.get_trials(deepcopy=False)[mine]))


def _study(sweep: Sweep, trials: Sequence[Any], *, number: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(digests.of_value([sweep.seed, number])[:8], 16)
    sampler: optuna.samplers.BaseSampler
    if sweep.sampler == "random":
        sampler = optuna.samplers.RandomSampler(seed=seed)
    else:
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=sweep.parallel > 1)
    direction = optuna.study.StudyDirection.MAXIMIZE
    if sweep.goal == "min":
        direction = optuna.study.StudyDirection.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=sampler)
    study.add_trials(trials)
    return study


def _distributions(space: Mapping[str, Space]) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for name in sorted(space):
        one = space[name]
        if isinstance(one, Choice):
            found[name] = CategoricalDistribution(one.values)
        elif isinstance(one, Uniform):
            values = spaces.points_of(one) if one.step else None
            high = float(str(values[-1])) if values else one.high
            found[name] = FloatDistribution(one.low, high, log=one.log, step=one.step)
        else:
            high = one.high - (one.high - one.low) % one.step
            found[name] = IntDistribution(one.low, high, log=one.log, step=one.step)
    return found


def _frozen(trial: Trial, wanted: Mapping[str, Any], values: Values) -> optuna.trial.FrozenTrial:
    from optuna.trial import TrialState as State
    from optuna.trial import create_trial

    states = {
        TrialState.SUCCEEDED: State.COMPLETE,
        TrialState.PRUNED: State.PRUNED,
        TrialState.FAILED: State.FAIL,
    }
    given = dict(values)
    if trial.state is TrialState.PRUNED and trial.step is not None and trial.value is not None:
        given = {trial.step: trial.value}
    return create_trial(
        state=states.get(trial.state, State.RUNNING),
        value=trial.value if trial.state is TrialState.SUCCEEDED else None,
        params=dict(trial.params),
        distributions=dict(wanted),
        intermediate_values=given,
    )


def _given_back(one: Space, value: Any) -> Scalar:
    """Return a chosen value as plain data: of a choice, the one that was given (1 and True are equal)."""
    if isinstance(one, Choice):
        return next(each for each in one.values if (type(each), each) == (type(value), value))
    return float(value) if isinstance(one, Uniform) else int(value)
