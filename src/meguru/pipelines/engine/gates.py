"""Gates: whether a verdict lets a step run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from meguru.compute.graph import FromParameter, Step, StepGate
from meguru.errors import InvalidInput
from meguru.pipelines.control_flow import is_yes
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.types import PipelineRun

_MAX_VERDICT = 1 << 20


def closed_by(step: Step, run: PipelineRun, outputs: Outputs) -> str:
    """Return why a step's gates do not let it run; an empty text if they do.

    Raises
    ------
    InvalidInput
        If a verdict is no verdict.
    """
    for gate in step.gates:
        name = gate.verdict.name if isinstance(gate.verdict, FromParameter) else gate.verdict.step
        verdict = _verdict(gate, name, run, outputs)
        if is_yes(verdict) is not gate.wanted:
            why = verdict.get("reason") if isinstance(verdict, Mapping) else None
            said = "no" if gate.wanted else "yes"
            return f"gate {name} said {said}" + (f": {str(why)[:500]}" if why else "")
    return ""


def _verdict(gate: StepGate, name: str, run: PipelineRun, outputs: Outputs) -> Any:
    if isinstance(gate.verdict, FromParameter):
        return run.params[gate.verdict.name]
    values = outputs.of(gate.verdict)
    if len(values) != 1 or values[0].kind not in {"plain", "annotated"} or values[0].size > _MAX_VERDICT:
        raise InvalidInput(
            f"the output of {name} is no verdict: a {values[0].kind if values else 'nothing'}",
            hint="return True or False from the step, or a dict with 'passed' and 'reason'",
        )
    return json.loads(outputs.blobs.get_bytes(values[0].digest))
