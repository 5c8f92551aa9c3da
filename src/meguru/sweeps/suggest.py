"""What to try next, and what to give up: Optuna, asked with nothing but our own rows.

Optuna keeps no state for us. Its study is built from the trials, and its random numbers follow
from the sweep's seed and the trial's number. So the same trials are suggested after a crash as without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from meguru.base import digests
from meguru.errors import InternalError, MissingDependency
from meguru.sweeps import space as spaces
from meguru.sweeps.types import Choice, Scalar, Space, Sweep, Trial, TrialState, Uniform

if TYPE_CHECKING:
    import optuna

TrialValues = Mapping[int, float]
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
    return Suggester(sweep).suggest(number, trials)


class Suggester:
    """Suggests one trial after the other, as `suggest` does.

    Building a study of many trials takes long. Where one trial runs at a time it is kept, and told how the
    last trial ended.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._study: optuna.Study | None = None
        self._asked: optuna.Trial | None = None

    def suggest(self, number: int, trials: Sequence[Trial]) -> dict[str, Scalar]:
        """Return the parameters of trial `number`, given those before it."""
        sweep = self._sweep
        if sweep.sampler == "grid":
            return spaces.grid_point(sweep.space, number)
        wanted = _distributions(sweep.space)
        if not self._goes_on(number, trials):
            learned = trials if sweep.sampler == "tpe" else ()  # chance remembers nothing
            self._study = _study(sweep, [_frozen(trial, wanted, {}) for trial in learned])
        if self._study is None:
            message = "there is no study"
            raise InternalError(message)
        self._study.sampler = _sampler(sweep, number)
        self._asked = self._study.ask(fixed_distributions=wanted)
        chosen = self._asked.params
        return {name: _given_back(sweep.space[name], chosen[name]) for name in sweep.space}

    def _goes_on(self, number: int, trials: Sequence[Trial]) -> bool:
        """Tell the kept study how the trial ended that it was asked for; False if it must be built anew."""
        asked, one_by_one = self._asked, self._sweep.parallel == 1 and self._sweep.sampler == "tpe"
        if self._study is None or asked is None or not one_by_one or asked.number != number - 1:
            return False
        last = trials[-1]
        if last.number != asked.number or last.state not in _STATES:
            return False
        if last.state is TrialState.PRUNED and last.step is not None and last.value is not None:
            asked.report(last.value, last.step)
        value = last.value if last.state is TrialState.SUCCEEDED else None
        self._study.tell(asked, value, state=_state(last))
        return True


def is_hopeless(
    sweep: Sweep, number: int, trials: Sequence[Trial], values: Mapping[int, TrialValues]
) -> bool:
    """Tell whether to give up a running trial; `values` are those logged so far, by number of the trial."""
    if sweep.pruner == "none" or not values.get(number):
        return False
    import optuna

    last = max(values[number])
    wanted = _distributions(sweep.space)
    seen = [trial for trial in trials if trial.number == number or trial.state is TrialState.SUCCEEDED]
    frozen = [
        _frozen(
            trial, wanted, {at: value for at, value in values.get(trial.number, {}).items() if at <= last}
        )
        for trial in seen
    ]
    study = _study(sweep, frozen)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
    mine = [trial.number for trial in seen].index(number)
    return bool(pruner.prune(study, study.get_trials(deepcopy=False)[mine]))


def _study(sweep: Sweep, trials: Sequence[Any]) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    direction = optuna.study.StudyDirection.MAXIMIZE
    if sweep.goal == "min":
        direction = optuna.study.StudyDirection.MINIMIZE
    # In memory: our rows are the record, and a second one could say something else.
    study = optuna.create_study(direction=direction, sampler=_sampler(sweep, len(trials)))
    study.add_trials(trials)
    return study


def _sampler(sweep: Sweep, number: int) -> optuna.samplers.BaseSampler:
    import optuna

    seed = int(digests.of_value([sweep.seed, number])[:8], 16)
    if sweep.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    # While others run, their points count as bad ones, so that no two trials ask the same ("constant liar").
    return optuna.samplers.TPESampler(seed=seed, constant_liar=sweep.parallel > 1)


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


_STATES = {
    TrialState.SUCCEEDED: "COMPLETE",
    TrialState.PRUNED: "PRUNED",
    TrialState.FAILED: "FAIL",
}


def _state(trial: Trial) -> optuna.trial.TrialState:
    import optuna

    return optuna.trial.TrialState[_STATES.get(trial.state, "RUNNING")]


def _frozen(trial: Trial, wanted: Mapping[str, Any], values: TrialValues) -> optuna.trial.FrozenTrial:
    from optuna.trial import create_trial

    given = dict(values)
    if trial.state is TrialState.PRUNED and trial.step is not None and trial.value is not None:
        given = {trial.step: trial.value}
    return create_trial(
        state=_state(trial),
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
