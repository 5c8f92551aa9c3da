"""The graph of a pipeline as plain data: what a worker needs to run it without the author's code."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag="constant"):
    """A value written in the pipeline's body."""

    value: Any


class FromParameter(msgspec.Struct, frozen=True, kw_only=True, tag="parameter"):
    """A parameter of the pipeline."""

    name: str


class FromStep(msgspec.Struct, frozen=True, kw_only=True, tag="step"):
    """The output of an earlier step; `index` picks one part of a step that returns a tuple."""

    step: str
    index: int | None = None


class Many(msgspec.Struct, frozen=True, kw_only=True, tag="many"):
    """A list whose parts come from different places."""

    items: list[Input]


Input = Constant | FromParameter | FromStep | Many


class Resources(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a step needs of its machine: cores, bytes of memory (None: no limit), accelerators."""

    cpu: float = 1.0
    memory: int | None = None
    gpu: float = 0.0


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """The installed package that a step comes from, and the name under which it offers it."""

    name: str
    distribution: str
    version: str


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a step function.

    `retries` follow a failure after `backoff` seconds, twice as long each time. `isolation` is the executor
    that runs it, `env` the lock file of its own environment, `pool` the named pool it takes a place of.
    """

    key: str
    function: str
    inputs: dict[str, Input]
    outputs: list[str]
    many_outputs: bool = False
    retries: int = 0
    backoff: float = 0.0
    timeout: float | None = None
    cache: bool = True
    isolation: str = "process"
    env: str | None = None
    resources: Resources | None = None
    pool: str | None = None
    deterministic: bool = True
    component: Component | None = None


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A typed parameter of a pipeline; `type` is written as in `parameters.py`."""

    name: str
    type: str
    required: bool = True
    default: Any = None


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A traced pipeline.

    `max_runs` is how many of its runs may be worked on at a time (None: any number); of waiting runs those
    of the highest `priority` are begun first.
    """

    name: str
    parameters: list[Parameter]
    steps: list[Step]
    result: Input | None = None
    produces: str | None = None
    max_runs: int | None = None
    priority: int = 0


def sources(given: Input) -> set[str]:
    """Return the keys of the steps that an input reads."""
    if isinstance(given, FromStep):
        return {given.step}
    if isinstance(given, Many):
        return {key for item in given.items for key in sources(item)}
    return set()


def needs(step: Step) -> set[str]:
    """Return the keys of the steps that must be done before this one."""
    return {key for given in step.inputs.values() for key in sources(given)}


def order(graph: Graph) -> list[str]:
    """Return the step keys so that each comes after all that it needs; ties keep the author's order.

    Raises
    ------
    InvalidInput
        If a step needs itself, in a circle, or needs a step that is not there.
    """
    waiting = {step.key: needs(step) for step in graph.steps}
    done: list[str] = []
    while waiting:
        ready = [key for key, need in waiting.items() if need <= set(done)]
        if not ready:
            keys = ", ".join(sorted(waiting))
            raise InvalidInput(
                f"The steps {keys} of pipeline {graph.name} wait for each other or for a missing step.",
                where=graph.name,
                field="graph",
                hint="Let every step read only the outputs of earlier steps.",
            )
        done += ready
        for key in ready:
            del waiting[key]
    return done


def digest(graph: Graph) -> str:
    """Return the content digest of a graph."""
    return digests.of_value(msgspec.to_builtins(graph))
