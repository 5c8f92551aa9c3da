"""A plain function of the project as a metric: it is called where a model is saved, and nowhere else."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics import Direction
from meguru.metrics.rows import Array, ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats
from meguru.tasks import TASKS

TRUTH = "truth"
ANSWERED = frozenset({TRUTH, "label", "score", "probabilities", "quantiles", "low", "high"})


class ProjectMetric(SumMetric, frozen=True, kw_only=True):
    """The mean of what a function says of each row, called by the function's name.

    Its arguments are the truth (``truth``), outputs of the model (``score``, ``probabilities``, …), ``label``
    (the position of the class that was answered) and columns of the holdout, as arrays with an entry a row;
    it returns such an array. It is a cost, of which less is better, unless the function's attribute
    `direction` is ``"higher"``; its attribute `unit` is the unit.
    """

    title: ClassVar[str] = "function of the project"
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf
    tasks: ClassVar[frozenset[str]] = frozenset(TASKS.names())
    outputs: ClassVar[tuple[str, ...]] = ()

    function: Callable[..., Any]
    named: str
    reads: tuple[str, ...]
    counted_in: str
    towards: Direction

    @classmethod
    def of(cls, function: Callable[..., Any]) -> ProjectMetric:
        """Read a function.

        Raises
        ------
        InvalidInput
            When it has no name, or takes other things than named arguments.
        """
        named = getattr(function, "__name__", "")
        if not named.isidentifier():
            hint = "def overtime(truth, score): …"
            raise InvalidInput("a function that measures has a name", field="measures", hint=hint)
        try:
            parameters = tuple(inspect.signature(function).parameters.values())
        except ValueError:  # a function written in C that does not tell them
            parameters = ()
        if not parameters or any(
            parameter.kind != parameter.POSITIONAL_OR_KEYWORD for parameter in parameters
        ):
            why = "it takes arrays by name, such as truth and score"
            raise InvalidInput(f"{named} can't measure", field="measures", why=why)
        return cls(
            function=function,
            named=named,
            reads=tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty),
            counted_in=str(getattr(function, "unit", "cost")),
            towards="higher" if getattr(function, "direction", "lower") == "higher" else "lower",
        )

    @property
    def name(self) -> str:
        """The function's name."""
        return self.named

    @property
    def unit(self) -> str:
        """What its values are counted in."""
        return self.counted_in

    @property
    def direction(self) -> Direction:
        """Whether more is better or less."""
        return self.towards

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the holdout that it reads: what is neither the truth nor of the model."""
        return tuple(name for name in self.reads if name not in ANSWERED)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return what the function says of each row."""
        given = {name: self._argument(name, rows) for name in self.reads}
        try:
            found = np.asarray(self.function(**given), dtype=np.float64)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"[:300]
            raise InvalidInput(f"{self.named} fails on the holdout", field="measures", why=why) from error
        if found.shape != (len(rows),) or not np.isfinite(found).all():
            why = f"it gave the shape {found.shape} for {len(rows)} rows, or what is not finite"
            raise InvalidInput(f"{self.named} does not give a number for each row", field="measures", why=why)
        return found

    def _argument(self, name: str, rows: ScoredRows) -> Array:
        if name == TRUTH:
            return rows.truth
        if name == "label" and not rows.has("label"):
            return rows.decided
        found = rows.answer.get(name, rows.columns.get(name))
        if found is None:
            why = f"its answers are {', '.join(rows.answer)}"
            raise InvalidInput(f"{self.named} wants {name!r}, which the model does not answer", why=why)
        return found
