"""The graph of a pipeline as plain data: what a worker needs to run it without the author's code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from meguru.base import digests
from meguru.base.names import is_name
from meguru.errors import InvalidInput


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag="constant"):
    """A value written in the pipeline's body."""

    value: Any


class FromParameter(msgspec.Struct, frozen=True, kw_only=True, tag="parameter"):
    """A parameter of the pipeline."""

    name: str


class FromStep(msgspec.Struct, frozen=True, kw_only=True, tag="step", omit_defaults=True):
    """The output of an earlier step.

    `index` picks one part of a step that returns a tuple, `item` one item of an output that is a list.
    """

    step: str
    index: int | None = None
    item: int | None = None


class Many(msgspec.Struct, frozen=True, kw_only=True, tag="many"):
    """A list whose parts come from different places."""

    items: list[Input]


MAX_PRIORITY = 1_000_000
MAX_KEY_LENGTH = 90
"""Characters of a step's key; a call of a mapped step adds its number."""
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


class StepGate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verdict that lets a step run only if it is the wanted one."""

    verdict: FromStep | FromParameter
    wanted: bool = True


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question to people: who may answer (`by`), and for how many seconds it stays open.

    With `four_eyes`, whoever started the run may not answer it.
    """

    question: str
    by: str | None = None
    timeout: float | None = None
    four_eyes: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a step function; of kind ``map`` one call for each item, of kind ``approval`` a question.

    `each` names the inputs that give an item to each call; `lenient` leaves out calls that failed. `split`
    lists the outputs that are written item by item, because a later step maps over them. A step runs when
    all its `gates` say so, and is skipped otherwise. `retries` follow a failure after `backoff` seconds,
    twice as long each time. `isolation` is the executor that runs it, `env` the lock file of its own
    environment, `pool` the named pool it takes a place of.
    """

    key: str
    function: str
    inputs: dict[str, Input]
    outputs: list[str]
    many_outputs: bool = False
    kind: Literal["call", "map", "approval"] = "call"
    each: list[str] = []
    lenient: bool = False
    split: list[int] = []
    gates: list[StepGate] = []
    approval: Approval | None = None
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


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a pipeline called by another one registers, and the output that it is made of."""

    name: str
    result: FromStep


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A traced pipeline.

    `max_runs` is how many of its runs may be worked on at a time (None: any number); of waiting runs those
    of the highest `priority` are begun first. `also` has the products of pipelines that its body calls.
    """

    name: str
    parameters: list[Parameter]
    steps: list[Step]
    result: Input | None = None
    produces: str | None = None
    also: list[Product] = []
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
    found = {key for given in step.inputs.values() for key in sources(given)}
    return found | {key for gate in step.gates for key in sources(gate.verdict)}


def check(step: Step) -> None:
    """Refuse a step that no author's code could have traced.

    Raises
    ------
    InvalidInput
        Naming what is wrong.
    """
    wrong = ""
    if not is_name(step.key, most=MAX_KEY_LENGTH):
        wrong = "its key is no name of at most 90 characters"
    elif (step.kind == "approval") != (step.approval is not None) or bool(step.function) == (
        step.kind == "approval"
    ):
        wrong = "a question has no function, and everything else has one"
    elif bool(step.each) != (step.kind == "map") or not set(step.each) <= step.inputs.keys():
        wrong = "`each` names the inputs of a mapped step, and of no other"
    elif not set(step.split) <= set(range(len(step.outputs))):
        wrong = "`split` names outputs that it does not have"
    if wrong:
        raise InvalidInput(f"the step {step.key[:120]!r} can't be run", why=wrong, field="graph.steps")


def item_of(given: Input, index: int, params: Mapping[str, Any]) -> Input:
    """Return the input that gives one item of a list to one call of a mapped step."""
    if isinstance(given, Constant):
        return Constant(value=given.value[index])
    if isinstance(given, FromParameter):
        return Constant(value=params[given.name][index])
    if isinstance(given, FromStep):
        return msgspec.structs.replace(given, item=index)
    return given.items[index]


def after(graph: Graph, key: str) -> set[str]:
    """Return a step and every step that depends on it, directly or not."""
    found, steps = {key}, {step.key: step for step in graph.steps}
    for each in order(graph):
        if needs(steps[each]) & found:
            found.add(each)
    return found


def order(graph: Graph) -> list[str]:
    """Return the step keys so that each comes after all that it needs; ties keep the author's order.

    Raises
    ------
    InvalidInput
        If a step needs itself, in a circle, or needs a step that is not there.
    """
    missing = {step.key: needs(step) for step in graph.steps}
    place = {step.key: n for n, step in enumerate(graph.steps)}
    users: dict[str, list[str]] = {}
    for key, need in missing.items():
        for one in need:
            users.setdefault(one, []).append(key)
    done: list[str] = []
    ready = [key for key, need in missing.items() if not need]
    while ready:  # all that can run at the same time, then all that can run after those
        done += ready
        freed = []
        for key in ready:
            for user in users.get(key, ()):
                missing[user].discard(key)
                if not missing[user]:
                    freed.append(user)
        ready = sorted(freed, key=place.__getitem__)
    if len(done) < len(missing):
        keys = ", ".join(sorted(missing.keys() - set(done)))
        raise InvalidInput(
            f"The steps {keys} of pipeline {graph.name} wait for each other or for a missing step.",
            where=graph.name,
            field="graph",
            hint="Let every step read only the outputs of earlier steps.",
        )
    return done


def digest(graph: Graph) -> str:
    """Return the content digest of a graph."""
    return digests.of_value(msgspec.to_builtins(graph))
