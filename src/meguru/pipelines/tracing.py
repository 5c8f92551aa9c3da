"""Tracing: a pipeline's body is called once with placeholders, and what it calls becomes the graph."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import GenericAlias
from typing import Any, NoReturn

import msgspec

from meguru.compute.graph import (
    MAX_KEY_LENGTH,
    Approval,
    Constant,
    FromParameter,
    FromStep,
    Input,
    Many,
    Product,
    Step,
    StepGate,
)
from meguru.compute.matching import check_constant, check_types, item_type, output_types, type_name
from meguru.errors import InvalidInput, near_misses

_MAX_DEPTH = 20
_OR_TUPLE = "or return a tuple with its types from the step to pass its parts on"
_current: ContextVar[Tracer | None] = ContextVar("meguru_tracer", default=None)


class Placeholder:
    """Stands for a value that exists only when the run gets there."""

    def __init__(self, source: Input, kind: Any, name: str) -> None:
        self._source, self._kind, self._name = source, kind, name

    def __iter__(self) -> Iterator[Any]:
        kinds = output_types(self._kind)
        if kinds is None or not isinstance(self._source, FromStep):
            self._refuse("be iterated over", "call a step for each item: step.map(rows); " + _OR_TUPLE)
        key = self._source.step
        return iter(
            [Placeholder(FromStep(step=key, index=n), kind, f"{key}[{n}]") for n, kind in enumerate(kinds)]
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._refuse(f"have its .{name} read")

    def _refuse(self, what: str, hint: str = "") -> NoReturn:
        raise InvalidInput(
            f"{self._name} can't {what} in a pipeline's body",
            why="the body only draws the graph; values exist when the run gets there",
            hint=hint or f"do this inside a step, {_OR_TUPLE}",
        )


def _refusing(what: str, hint: str = "") -> Callable[..., Any]:
    def method(self: Placeholder, *_: Any) -> Any:
        self._refuse(what, hint)

    return method


Placeholder.__bool__ = _refusing(  # type: ignore[attr-defined]
    "be tested", "return True or False from a step, and put what depends on it into: with gate(verdict):"
)
for _name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
    setattr(Placeholder, _name, _refusing("be tested or compared"))
for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__neg__"):
    setattr(Placeholder, _name, _refusing("be computed with"))
for _name in ("__getitem__", "__len__", "__contains__", "__call__"):
    setattr(Placeholder, _name, _refusing("be looked into"))
Placeholder.__hash__ = object.__hash__  # type: ignore[method-assign]  # `__eq__` took it away


class Tracer:
    """Collects the steps that a body calls, the gates they stand behind, and the pipelines it calls."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.steps: dict[str, Step] = {}
        self.products: list[Product] = []
        self._prefixes: list[str] = []
        self._gates: list[list[StepGate]] = [[]]
        self._taken: set[str] = set()

    def call(self, step: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Placeholder:
        """Add one call of a step; return the placeholder of its output."""
        key = self._free_key(step.name)
        bound = bind(step.signature, step.name, args, kwargs)
        inputs = {
            name: self._input(value, step.hints.get(name, Any), f"{key}({name})")
            for name, value in bound.items()
        }
        returned = step.hints.get("return", Any)
        self._add(key, step, inputs, returned)
        return Placeholder(FromStep(step=key), returned, f"the output of step {key}")

    def map(self, step: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Placeholder:
        """Add one call for each item; return the placeholder of the list of their outputs."""
        key = self._free_key(step.name)
        whole = {name: value for name, value in kwargs.items() if not isinstance(value, Each)}
        varied = {name: value.items for name, value in kwargs.items() if isinstance(value, Each)}
        check_mapped(step.name, args, varied)
        bound = bind(step.signature, step.name, args, whole | varied)
        each = [*list(step.signature.parameters)[: len(args)], *varied]
        inputs = {}
        for name, value in bound.items():
            where, wanted = f"{key}({name})", step.hints.get(name, Any)
            inputs[name] = (
                self._list(value, wanted, where) if name in each else self._input(value, wanted, where)
            )
        returned = step.hints.get("return", Any)
        self._add(key, step, inputs, returned, kind="map", each=each)
        return Placeholder(FromStep(step=key), _listed(returned), f"the outputs of step {key}")

    def approve(self, question: str, shown: Mapping[str, Any], approval: Approval) -> Placeholder:
        """Add a question; what the body calls after it waits for the answer."""
        key = self._free_key("approve")
        inputs = {name: self._input(value, Any, f"{key}({name})") for name, value in shown.items()}
        self.steps[key] = Step(
            key=key,
            function="",
            inputs=inputs,
            outputs=["bool"],
            kind="approval",
            cache=False,
            approval=approval,
            gates=self._standing(),
        )
        self._gates[-1].append(StepGate(verdict=FromStep(step=key)))
        return Placeholder(FromStep(step=key), bool, f"the answer to {question!r}")

    @contextlib.contextmanager
    def gate(self, verdict: Placeholder, wanted: bool) -> Iterator[None]:  # noqa: FBT001 - two outcomes
        """Put the steps that are called in the block behind a verdict."""
        source = verdict._source  # noqa: SLF001 - the two classes are one mechanism
        if not isinstance(source, FromStep | FromParameter):
            raise InvalidInput(f"{verdict._name} can't be a gate's verdict")  # noqa: SLF001
        check_types(verdict._kind, bool | dict, "gate", verdict._name)  # noqa: SLF001
        # An answer asked for with `gate(approve(…))` rules this block, not what follows it.
        step_gate = StepGate(verdict=source) if isinstance(source, FromStep) else None
        self._gates[-1] = [one for one in self._gates[-1] if one != step_gate]
        self._gates.append([StepGate(verdict=source, wanted=wanted)])
        try:
            yield
        finally:
            self._gates.pop()

    def pipeline(self, called: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Trace a pipeline that the body calls into this graph; return what its body returned."""
        prefix = self._free_key(called.name)
        bound = bind(called.signature, called.name, args, kwargs)
        for name, value in bound.items():
            self._input(value, called.hints.get(name, Any), f"{prefix}({name})")
        if len(self._prefixes) >= _MAX_DEPTH:
            raise InvalidInput(f"pipeline {called.name} calls itself", where=".".join(self._prefixes)[:200])
        self._prefixes.append(prefix.removeprefix("".join(f"{one}." for one in self._prefixes)))
        self._gates.append([])
        try:
            returned = called.function(**bound)
        finally:
            self._prefixes.pop()
            self._gates.pop()
        source = getattr(returned, "_source", None)
        if called.produces and isinstance(source, FromStep):
            self.products.append(Product(name=called.produces, result=source))
        return returned

    def lenient(self, mapped: Placeholder) -> None:
        """Let the calls of a mapped step fail: their outputs are left out of its list."""
        source = mapped._source  # noqa: SLF001
        step = self.steps.get(source.step) if isinstance(source, FromStep) else None
        if step is None or step.kind != "map":
            raise InvalidInput(
                f"{mapped._name} is no output of a mapped step",  # noqa: SLF001
                hint="collect(score.map(rows), failed='skip')",
            )
        self.steps[step.key] = msgspec.structs.replace(step, lenient=True)

    def _add(self, key: str, step: Any, inputs: dict[str, Input], returned: Any, **more: Any) -> None:
        kinds = output_types(returned)
        self.steps[key] = Step(
            key=key,
            function=step.place,
            inputs=inputs,
            outputs=[type_name(kind) for kind in ([returned] if kinds is None else kinds)],
            many_outputs=kinds is not None,
            component=step.component,
            gates=self._standing(),
            **more,
            **msgspec.structs.asdict(step.options),
        )

    def _standing(self) -> list[StepGate]:
        return [gate for level in self._gates for gate in level]

    def _free_key(self, name: str) -> str:
        wanted = ".".join([*self._prefixes, name])
        key, count = wanted, 1
        while key in self._taken:
            count += 1
            key = f"{wanted}-{count}"
        if len(key) > MAX_KEY_LENGTH:
            raise InvalidInput(
                f"the step name {key[:200]!r} is too long",
                why=f"with the pipelines it is in, it has at most {MAX_KEY_LENGTH} characters",
                hint="give a shorter name: @step(name=…)",
            )
        self._taken.add(key)
        return key

    def _input(self, value: Any, wanted: Any, where: str) -> Input:
        if isinstance(value, Placeholder):
            check_types(value._kind, wanted, where, value._name)  # noqa: SLF001 - the two classes are one mechanism
            return value._source  # noqa: SLF001
        if isinstance(value, list | tuple) and any(isinstance(item, Placeholder) for item in value):
            return Many(items=[self._input(item, Any, where) for item in value])
        return Constant(value=check_constant(value, wanted, where))

    def _list(self, value: Any, wanted: Any, where: str) -> Input:
        """Return an input each of whose items goes to one call."""
        if isinstance(value, Placeholder):
            kind, name, source = value._kind, value._name, value._source  # noqa: SLF001
            check_types(kind, list, where, name)
            check_types(item_type(kind), wanted, where, f"each item of {name}")
            if isinstance(source, FromStep):
                self._split(source, name)
            return source
        if not isinstance(value, list | tuple):
            raise InvalidInput(
                f"{where} is mapped over a {type(value).__name__}",
                where=where,
                hint="give a list by position; what is the same for all calls goes by keyword",
            )
        if any(isinstance(item, Placeholder) for item in value):
            return Many(items=[self._input(item, wanted, where) for item in value])
        return Constant(value=[check_constant(item, wanted, where) for item in value])

    def _split(self, source: FromStep, name: str) -> None:
        step = self.steps[source.step]
        if step.many_outputs and source.index is None:
            raise InvalidInput(f"{name} is a tuple", hint="take it apart first: rows, labels = load()")
        if step.kind == "call":
            split = sorted({*step.split, source.index or 0})
            self.steps[step.key] = msgspec.structs.replace(step, split=split)


def check_mapped(name: str, args: tuple[Any, ...], varied: Mapping[str, Any]) -> None:
    """Raise InvalidInput unless something is mapped over."""
    if not args and not varied:
        raise InvalidInput(
            f"{name}.map(…) is given nothing to map over",
            where=name,
            hint="give the list by position, or as each(…): score.map(rows), score.map(rows=each(rows))",
        )


class Each:
    """Marks a keyword argument of ``step.map(…)`` that gives one item to each call."""

    def __init__(self, items: Any) -> None:
        self.items = items


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


def _listed(returned: Any) -> Any:
    kinds = output_types(returned)
    if kinds is None:
        return GenericAlias(list, (returned,))
    return GenericAlias(tuple, tuple(GenericAlias(list, (kind,)) for kind in kinds))


def parameter_placeholder(name: str, kind: Any) -> Placeholder:
    """Return what stands for a pipeline parameter in the body."""
    return Placeholder(FromParameter(name=name), kind, f"parameter {name}")
