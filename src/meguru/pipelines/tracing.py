"""Tracing: a pipeline's body is called once with placeholders, and what it calls becomes the graph."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NoReturn

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.pipelines.graph import Constant, FromParameter, FromStep, Input, Many, Step
from meguru.pipelines.matching import check_constant, check_types, output_types, type_name

_current: ContextVar[Tracer | None] = ContextVar("meguru_tracer", default=None)


class Placeholder:
    """Stands for a value that exists only when the run gets there."""

    def __init__(self, source: Input, kind: Any, name: str) -> None:
        self._source, self._kind, self._name = source, kind, name

    def __iter__(self) -> Iterator[Any]:
        kinds = output_types(self._kind)
        if kinds is None or not isinstance(self._source, FromStep):
            self._refuse("be iterated over")
        key = self._source.step
        return iter(
            [Placeholder(FromStep(step=key, index=n), kind, f"{key}[{n}]") for n, kind in enumerate(kinds)]
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._refuse(f"have its .{name} read")

    def _refuse(self, what: str) -> NoReturn:
        raise InvalidInput(
            f"{self._name} can't {what} in a pipeline's body",
            why="the body only draws the graph; values exist when the run gets there",
            hint="do this inside a step, or return a tuple with its types from the step to pass its parts on",
        )


def _refusing(what: str) -> Callable[..., Any]:
    def method(self: Placeholder, *_: Any) -> Any:
        self._refuse(what)

    return method


for _name in ("__bool__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
    setattr(Placeholder, _name, _refusing("be tested or compared"))
for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__neg__"):
    setattr(Placeholder, _name, _refusing("be computed with"))
for _name in ("__getitem__", "__len__", "__contains__", "__call__"):
    setattr(Placeholder, _name, _refusing("be looked into"))
Placeholder.__hash__ = object.__hash__  # type: ignore[method-assign]  # `__eq__` took it away


class Tracer:
    """Collects the steps that a body calls."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.steps: dict[str, Step] = {}

    def call(self, step: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Placeholder:
        """Add one call of a step; return the placeholder of its output."""
        key = self._free_key(step.name)
        bound = bind(step.signature, step.name, args, kwargs)
        hints = step.hints
        inputs = {
            name: self._input(value, hints.get(name, Any), f"{key}({name})") for name, value in bound.items()
        }
        returned = hints.get("return", Any)
        kinds = output_types(returned)
        self.steps[key] = Step(
            key=key,
            function=step.place,
            inputs=inputs,
            outputs=[type_name(kind) for kind in ([returned] if kinds is None else kinds)],
            many_outputs=kinds is not None,
            **msgspec.structs.asdict(step.options),
        )
        return Placeholder(FromStep(step=key), returned, f"the output of step {key}")

    def _free_key(self, name: str) -> str:
        key, count = name, 1
        while key in self.steps:
            count += 1
            key = f"{name}-{count}"
        return key

    def _input(self, value: Any, wanted: Any, where: str) -> Input:
        if isinstance(value, Placeholder):
            check_types(value._kind, wanted, where, value._name)  # noqa: SLF001 - the two classes are one mechanism
            return value._source  # noqa: SLF001
        if isinstance(value, list | tuple) and any(isinstance(item, Placeholder) for item in value):
            return Many(items=[self._input(item, Any, where) for item in value])
        return Constant(value=check_constant(value, wanted, where))


def bind(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return arguments by parameter name, defaults filled in; InvalidInput if they don't fit."""
    known = list(signature.parameters)
    for given in kwargs:
        if given not in known:
            close = near_misses(given, known)
            hint = (
                f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known) or 'no arguments'}"
            )
            raise InvalidInput(f"{name} has no argument {given!r}", field=given, hint=hint)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        hint = f"it takes {', '.join(known) or 'no arguments'}"
        raise InvalidInput(f"{name} can't be called like this", why=str(error), hint=hint) from error
    bound.apply_defaults()
    return dict(bound.arguments)


def current() -> Tracer | None:
    """Return the tracer of the pipeline that is being traced now, if one is."""
    return _current.get()


@contextlib.contextmanager
def tracing(tracer: Tracer) -> Iterator[None]:
    """Make step calls go to `tracer` until the block ends."""
    token = _current.set(tracer)
    try:
        yield
    finally:
        _current.reset(token)


def result_of(value: Any, where: str) -> Input | None:
    """Return what a pipeline's body returned, as an input; None for nothing."""
    if value is None:
        return None
    if isinstance(value, Placeholder):
        return value._source  # noqa: SLF001
    if isinstance(value, list | tuple):
        return Many(items=[found for item in value if (found := result_of(item, where)) is not None])
    try:
        return Constant(value=msgspec.to_builtins(value))
    except TypeError as error:
        raise InvalidInput(
            f"pipeline {where} returns a {type(value).__name__}", hint="return a step's output"
        ) from error


def parameter_placeholder(name: str, kind: Any) -> Placeholder:
    """Return what stands for a pipeline parameter in the body."""
    return Placeholder(FromParameter(name=name), kind, f"parameter {name}")
