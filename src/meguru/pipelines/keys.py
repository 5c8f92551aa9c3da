"""The cache key of a step: what its result depends on, as parts that people can compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meguru.base import digests, refs
from meguru.compute.graph import Constant, FromParameter, FromStep, Input, Step
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.types import PipelineRun, StepCode

FORMAT = 1
"""Raised when values or keys are made differently, so that no older output is taken for a new one."""
_SHOWN = 80


def parts_of(step: Step, code: StepCode | None, run: PipelineRun, outputs: Outputs) -> dict[str, Any]:
    """Return what the result of a step depends on: its code, its environment and each input.

    An input has a digest, which counts, and a text and a source, which are for people. Code may be None.
    What one project has computed is not taken over by another: who may not see a run sees none of its logs.
    """
    project = refs.project_of(run.pipeline)
    return {
        "code": code.code.digest if code else "",
        "environment": code.environment.digest if code else "",
        "inputs": {name: _input(given, run, outputs) for name, given in step.inputs.items()},
        **({"project": project} if project else {}),
    }


def key_of(step: Step, parts: Mapping[str, Any]) -> str:
    """Return the cache key that some parts make."""
    inputs = {name: given["digest"] for name, given in parts["inputs"].items()}
    form: list[Any] = [step.many_outputs]
    if step.kind == "map" or step.split:
        form += [step.kind, step.split]
    if "project" in parts:
        form += ["project", parts["project"]]
    return digests.of_value([FORMAT, parts["code"], parts["environment"], inputs, *form])


def seed_of(key: str) -> int:
    """Return the seed that a step with this cache key draws random numbers from."""
    return int(key[:8], 16)


def _input(given: Input, run: PipelineRun, outputs: Outputs) -> dict[str, str]:
    if isinstance(given, Constant):
        return {"digest": _plain(given.value), "text": _text(given.value), "source": "constant"}
    if isinstance(given, FromParameter):
        pin = run.pinned.get(given.name)
        if pin is not None:
            return {"digest": pin.digest, "text": pin.ref, "source": f"parameter {given.name}"}
        value = run.params[given.name]
        return {"digest": _plain(value), "text": _text(value), "source": f"parameter {given.name}"}
    if isinstance(given, FromStep):
        digest = digests.of_value([value.identity for value in outputs.of(given)])
        return {"digest": digest, "text": digest[:12], "source": f"step {given.step}"}
    items = [_input(item, run, outputs) for item in given.items]
    return {
        "digest": digests.of_value([item["digest"] for item in items]),
        "text": ", ".join(item["text"] for item in items)[:_SHOWN],
        "source": ", ".join(dict.fromkeys(item["source"] for item in items)),
    }


def _plain(value: Any) -> str:
    # The type counts: 1, 1.0 and True are equal, and a step can tell them apart.
    return digests.of_value([type(value).__name__, repr(value)])


def _text(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
