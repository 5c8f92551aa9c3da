"""Read an endpoint's gates, and put a model to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.base.library_errors import kind_and_reason
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, MeguruError, NotFound, is_our_fault
from meguru.releases.gates import GATES, Gate, GateTrial
from meguru.releases.types import GateResult, GateVerdict

FIRST = "loads"
WAIVABLE = "waivable"


class EveryGate(msgspec.Struct, frozen=True, kw_only=True):
    """What every gate may be declared with beside its own options; of one not `waivable` nobody may waive."""

    waivable: bool = True


def gate_of(options: dict[str, Any], place: str = "gates") -> Gate:
    """Read one gate's options.

    Raises
    ------
    InvalidInput
        When the gate is unknown, or an option is unknown, of the wrong type or senseless; names the field.
    """
    given = dict(options)
    name = given.pop("gate", None)
    if not isinstance(given.pop(WAIVABLE, True), bool):
        why = "false: nobody may waive its refusal"
        raise InvalidInput(f"{WAIVABLE} is true or false", field=f"{place}.{WAIVABLE}", why=why)
    if not isinstance(name, str):
        hint = f"one of {', '.join(GATES.names())}"
        raise InvalidInput(f"{place} needs to say which gate it is", field=f"{place}.gate", hint=hint)
    try:
        kind: type[Gate] = GATES.load(name)
        gate: Gate = msgspec.convert(given, kind)
        gate.check()
    except NotFound as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"{place}.gate") from None
    except msgspec.ValidationError as error:
        fault = as_invalid(error, place, kind)
        where = f"{place}.{fault.field}".rstrip(".")
        raise InvalidInput(fault.what, why=fault.why, hint=fault.hint, field=where) from None
    except InvalidInput as error:
        raise InvalidInput(
            error.what, why=error.why, hint=error.hint, field=f"{place}.{error.field}"
        ) from None
    return gate


def is_waivable(options: dict[str, Any]) -> bool:
    """Tell whether a gate's refusal may be waived: any but that the model can't be served."""
    return options.get("gate") != FIRST and options.get(WAIVABLE, True) is True


def check_gates(policies: Sequence[dict[str, Any]]) -> list[Gate]:
    """Read an endpoint's gates; whether the model loads is always asked, and first."""
    gates = [gate_of(options, f"gates[{index}]") for index, options in enumerate(policies)]
    first: Gate = GATES.load(FIRST)()
    return [first, *(gate for gate in gates if gate.key != FIRST)]


def judge(gates: Sequence[Gate], trial: GateTrial) -> list[GateResult]:
    """Put a trial to every gate; a model that can't be served is not asked more."""
    results = []
    for gate in gates:
        results.append(_judge(gate, trial))
        if gate.key == FIRST and not results[-1].passed:
            break
    return results


def _judge(gate: Gate, trial: GateTrial) -> GateResult:
    """Return what a gate says, and all that it looked at: what it names itself, and what was read for it."""
    trial.looked_at.clear()
    result = _asked(gate, trial)
    inputs = {(each.ref, each.digest): each for each in (*result.inputs, *trial.looked_at)}
    return msgspec.structs.replace(result, inputs=[inputs[key] for key in sorted(inputs)])


def _asked(gate: Gate, trial: GateTrial) -> GateResult:
    try:
        return gate.judge(trial)
    except Exception as error:
        ours = is_our_fault(error)
        if not (ours or isinstance(error, MeguruError)):
            raise
        verdict = GateVerdict.UNDECIDED if ours else GateVerdict.FAILED
        return GateResult(gate=gate.key, verdict=verdict, reason=_reason(error))


def _reason(error: Exception) -> str:
    if not isinstance(error, MeguruError):
        return kind_and_reason(error)
    said = f"{error.what}: {error.why}" if error.why else error.what
    return f"{said}; {error.hint}" if error.hint.startswith("did you mean") else said
