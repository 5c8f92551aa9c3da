"""The words a pipeline is written with: `step` and `pipeline`, on plain typed functions."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from meguru.base.names import check_name
from meguru.compute.graph import MAX_PRIORITY, Component, FromStep, Graph
from meguru.compute.step_marker import MarkedStep
from meguru.errors import InvalidInput
from meguru.pipelines import control_flow, parameters, tracing
from meguru.pipelines.options import Options, options
from meguru.pipelines.products import product_of

P = ParamSpec("P")
R = TypeVar("R")


class StepFunction(MarkedStep, Generic[P, R]):
    """A step: in a pipeline's body a call adds it to the graph; anywhere else it is the plain function."""

    def __init__(self, function: Callable[P, R], *, options: Options, name: str | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function: Callable[P, R] = function
        self.name = check_name("step", name or _default_name(function.__name__))
        self.options = options
        self.component: Component | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function; while a pipeline is traced, add the call to its graph instead."""
        tracer = tracing.current()
        if tracer is not None:
            return cast("R", tracer.call(self, args, kwargs))
        return cast("R", None) if control_flow.is_closed() else self.function(*args, **kwargs)

    def map(self, *args: Any, **kwargs: Any) -> Any:
        """Call the step once for each item; the list of what it returns is the result, in the items' order.

        Arguments by position are lists that give one item to each call, several side by side; arguments by
        keyword are the same for all calls, unless they are marked with `each`. How many calls there are is
        known when the run gets there. A step that returns a tuple gives a tuple of lists.

        Raises
        ------
        InvalidInput
            If nothing is mapped over, or the types don't fit.
        """
        tracer = tracing.current()
        if tracer is not None:
            return tracer.map(self, args, kwargs)
        return (
            []
            if control_flow.is_closed()
            else control_flow.map_plainly(self.function, args, kwargs, self.hints.get("return", Any))
        )

    @property
    def place(self) -> str:
        """Where a worker finds the function: ``module:name``."""
        return _place(self.function, "step")

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The function's parameters."""
        return _checked_signature(self.function, "step")

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The function's annotations, resolved."""
        return _hints(self.function)


class PipelineFunction(Generic[P, R]):
    """A pipeline: `trace` gives its graph; a plain call runs its body here and keeps nothing."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        produces: str | None = None,
        max_runs: int | None = None,
        priority: int = 0,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = check_name("pipeline", name or _default_name(function.__name__))
        self.produces = produces or None
        if produces:
            product_of(produces)
        if max_runs is not None and max_runs < 1:
            raise InvalidInput(
                f"max_runs={max_runs} lets no run begin", field="max_runs", hint="give 1 or more"
            )
        if abs(priority) > MAX_PRIORITY:
            raise InvalidInput(
                f"priority={priority} is out of range",
                field="priority",
                hint=f"give {-MAX_PRIORITY:,} to {MAX_PRIORITY:,}",
            )
        self.max_runs, self.priority = max_runs, priority

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the body as the plain function that it is; in another pipeline's body, add its steps there."""
        tracer = tracing.current()
        if tracer is not None:
            return cast("R", tracer.pipeline(self, args, kwargs))
        return self.function(*args, **kwargs)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The body's parameters."""
        return _checked_signature(self.function, "pipeline")

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The body's annotations, resolved."""
        return _hints(self.function)

    def trace(self) -> Graph:
        """Call the body once with placeholders; return the graph it draws.

        Raises
        ------
        InvalidInput
            If the body calls no step, connects steps whose types don't fit, or computes with placeholders.
        """
        hints, given = self.hints, self.signature.parameters
        described = [parameters.describe(one, hints.get(name, Any), self.name) for name, one in given.items()]
        tracer = tracing.Tracer(self.name)
        stand_ins = {name: tracing.parameter_placeholder(name, hints.get(name, Any)) for name in given}
        with tracing.tracing(tracer):
            returned = cast("Callable[..., Any]", self.function)(**stand_ins)
        if not tracer.steps:
            raise InvalidInput(
                f"pipeline {self.name} calls no step", hint="mark the functions it calls with @step"
            )
        graph = Graph(
            name=self.name,
            parameters=described,
            steps=list(tracer.steps.values()),
            result=tracing.result_of(returned, self.name),
            produces=self.produces,
            also=tracer.products,
            max_runs=self.max_runs,
            priority=self.priority,
        )
        _check_product(graph)
        return graph


@overload
def step(function: Callable[P, R], /) -> StepFunction[P, R]: ...
@overload
def step(
    *,
    name: str | None = None,
    retries: int = 0,
    backoff: str | float | timedelta | None = None,
    timeout: str | float | timedelta | None = None,
    cache: bool = True,
    isolation: str | None = None,
    env: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pool: str | None = None,
    deterministic: bool = True,
) -> Callable[[Callable[P, R]], StepFunction[P, R]]: ...
def step(function: Callable[..., Any] | None = None, /, *, name: str | None = None, **given: Any) -> Any:
    """Mark a plain, typed function as a step.

    Parameters
    ----------
    function
        The function; given by Python when the mark is written without brackets.
    name
        What it is called in runs; default: the function's name.
    retries
        How often it is tried again after it failed; at least 0.
    backoff
        Seconds, ``"10s"`` or a timedelta to wait before the first retry; each later one waits twice as long.
    timeout
        Seconds, ``"10m"`` or a timedelta, after which its processes are ended; None means never.
    cache
        False if it must run every time, because it reads something that is not among its arguments.
    isolation
        Where it runs: ``"process"`` (default, a fresh process), ``"thread"``, ``"env"``, ``"ray"``.
    env
        The lock file of an environment of its own; goes with isolation ``"env"``.
    resources
        ``{"cpu": 2, "memory": "4GB", "gpu": 1}``: cores, most memory, accelerators.
    pool
        The named pool of which it takes a place while it runs.
    deterministic
        False if equal inputs may give different outputs, so that nobody wonders.

    Raises
    ------
    InvalidInput
        Naming the option that can't be used.

    Examples
    --------
    >>> @step(retries=2)
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4)
    8
    """
    chosen = options(**given)
    if function is not None:
        return StepFunction(function, options=chosen, name=name)
    return functools.partial(StepFunction, options=chosen, name=name)


@overload
def pipeline(function: Callable[P, R], /) -> PipelineFunction[P, R]: ...
@overload
def pipeline(
    *, produces: str | None = None, name: str | None = None, max_runs: int | None = None, priority: int = 0
) -> Callable[[Callable[P, R]], PipelineFunction[P, R]]: ...
def pipeline(
    function: Callable[..., Any] | None = None,
    /,
    *,
    produces: str | None = None,
    name: str | None = None,
    max_runs: int | None = None,
    priority: int = 0,
) -> Any:
    """Mark a function whose body calls steps as a pipeline.

    Parameters
    ----------
    function
        The function; given by Python when the mark is written without brackets.
    produces
        What a successful run registers the next version of: the name of a model, or ``dataset/NAME``.
    name
        What the pipeline is called; default: the function's name.
    max_runs
        How many of its runs are worked on at a time; the others wait. None means any number.
    priority
        Of waiting runs those of the highest priority are begun first.
    """
    made = functools.partial(
        PipelineFunction, name=name, produces=produces, max_runs=max_runs, priority=priority
    )
    return made if function is None else made(function)


def _default_name(name: str) -> str:
    return name.strip("_").lower()


def _place(function: Callable[..., Any], what: str) -> str:
    if "<" in function.__qualname__:
        raise InvalidInput(
            f"the {what} {function.__name__} is made inside a function",
            where=f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}",
            why="a worker finds it by its module and name",
            hint="define it at the top level of a module",
        )
    return f"{function.__module__}:{function.__qualname__}"


def _checked_signature(function: Callable[..., Any], what: str) -> inspect.Signature:
    signature = inspect.signature(function)
    for name, parameter in signature.parameters.items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
            raise InvalidInput(
                f"the {what} {function.__name__} has the parameter {parameter}",
                field=name,
                why=f"each argument of a {what} needs a name",
                hint="write its parameters out; pass several as one list",
            )
    return signature


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"an annotation of {function.__name__} can't be understood",
            why=str(error),
            where=f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}",
            hint="import the type at run time, not only under TYPE_CHECKING",
        ) from error


def _check_product(graph: Graph) -> None:
    if graph.produces and not isinstance(graph.result, FromStep):
        raise InvalidInput(
            f"pipeline {graph.name} produces {graph.produces!r}, but returns no step's output",
            field="produces",
            hint="return the output of the step that makes it",
        )
