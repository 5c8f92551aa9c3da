"""Mapped steps: one call for each item, and one list of what the calls returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from meguru.compute.graph import Constant, FromParameter, FromStep, Input, Step, item_of
from meguru.compute.materializers.base import Value, ValueStore
from meguru.compute.materializers.items import check_count, join
from meguru.errors import InvalidInput
from meguru.pipelines.outputs import Outputs


def calls_of(step: Step, params: Mapping[str, Any], outputs: Outputs) -> list[Step]:
    """Return the calls of a mapped step, now that its lists are known.

    Raises
    ------
    InvalidInput
        If its lists differ in length, are no lists, or are too long.
    """
    counts = {name: _count(step.inputs[name], name, params, outputs) for name in step.each}
    if len(set(counts.values())) > 1:
        raise InvalidInput(
            f"step {step.key} maps over lists of different lengths",
            why=", ".join(f"{name} has {count}" for name, count in counts.items()),
            hint="give lists of equal length; what is the same for all calls goes by keyword",
        )
    count = next(iter(counts.values()))
    check_count(count)
    return [_call(step, n, params) for n in range(count)]


def _call(step: Step, n: int, params: Mapping[str, Any]) -> Step:
    inputs = {
        name: item_of(given, n, params) if name in step.each else given for name, given in step.inputs.items()
    }
    return msgspec.structs.replace(
        step, key=f"{step.key}.{n}", kind="call", inputs=inputs, each=[], gates=[], lenient=False
    )


def _count(given: Input, name: str, params: Mapping[str, Any], outputs: Outputs) -> int:
    if isinstance(given, FromStep):
        return outputs.count(given)
    if isinstance(given, Constant | FromParameter):
        value = given.value if isinstance(given, Constant) else params[given.name]
        if not isinstance(value, list):
            raise InvalidInput(f"{name} is mapped over, but is a {type(value).__name__}", field=name)
        return len(value)
    return len(given.items)


def join_outputs(step: Step, made: Sequence[list[Value]], outputs: Outputs) -> list[Value]:
    """Return what a mapped step returned: a list for each part of what its calls returned."""
    place = ValueStore(outputs.blobs, Path())
    return [join([values[n] for values in made], place) for n in range(len(step.outputs))]
