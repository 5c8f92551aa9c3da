"""Whether a model can answer what clients of an endpoint send, and gives what they get."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.flavors import Signature
from meguru.serving.contracts.types import Contract, ModelInput
from meguru.serving.features.answerable import unanswered
from meguru.serving.features.plan import FeaturePlan
from meguru.tasks import ModelOutput, Task


def incompatibilities(
    contracts: Sequence[Contract],
    signature: Signature,
    task: Task,
    inputs: Sequence[ModelInput],
    plan: FeaturePlan | None = None,
) -> list[str]:
    """Return, as sentences, why requests in some of the contracts would fail; empty when none would.

    What the inputs of the release would mend ends with the one that would. What the views of a `plan` give
    need not be sent.
    """
    found = [
        fault
        for contract in contracts
        for fault in unanswered(contract.version, contract.inputs, signature, inputs, plan)
    ]
    return found + [fault for contract in contracts for fault in _changed(contract, task)]


def _changed(contract: Contract, task: Task) -> list[str]:
    """Say which outputs clients would get no more; a class may come or go."""
    if not contract.task:
        return []
    if contract.task != task.key:
        return [
            f"contract {contract.version} promises a {contract.task} answer, and this is a {task.key} model"
        ]
    given = {output.name: _kind(output) for output in task.outputs()}
    return [
        f"contract {contract.version} promises the output {output.name!r}, which this model does not give"
        for output in contract.outputs
        if given.get(output.name) != _kind(output)
    ]


def _kind(output: ModelOutput) -> tuple[str, int]:
    return output.type, len(output.shape)
