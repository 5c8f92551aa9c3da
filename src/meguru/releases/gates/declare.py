"""Check gates when an endpoint is declared: one that can never pass would refuse every release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.registry.lookups import newest_known_model
from meguru.releases.gates.read import gate_of


def check_declared(tx: Connection, policies: Sequence[dict[str, Any]], model: str) -> None:
    """Refuse gates that make no sense, or that no release of the model `model` can ever pass.

    The newest verified version stands for those to come. Of a model that does not exist yet nothing is
    known: its first release is asked the same.

    Raises
    ------
    InvalidInput
        Names the gate and the option.
    """
    gates = [gate_of(options, f"gates[{index}]") for index, options in enumerate(policies)]
    known_model = newest_known_model(tx, model)
    if known_model is None:
        return
    for index, gate in enumerate(gates):
        try:
            gate.check_declaration(known_model)
        except InvalidInput as error:
            field = f"gates[{index}].{error.field}".rstrip(".")
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
