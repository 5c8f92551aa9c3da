"""What a pipeline makes when it succeeds: the next version of a model, or of a dataset."""

from __future__ import annotations

from meguru.base.names import check_name
from meguru.errors import InvalidInput

MODEL = "model"
KINDS = (MODEL, "dataset")


def product_of(produces: str) -> tuple[str, str]:
    """Return kind and name of what is made: ``delay`` is a model, ``dataset/clean`` a dataset.

    Raises
    ------
    InvalidInput
        If it names neither.
    """
    kind, slash, name = produces.partition("/")
    if not slash:
        return MODEL, check_name(MODEL, produces, field="produces")
    if kind not in KINDS:
        hint = "write the name of a model, or dataset/NAME"
        raise InvalidInput(f"{produces[:100]!r} can't be produced", field="produces", hint=hint)
    return kind, check_name(kind, name, field="produces")


def model_of(produces: str | None) -> str:
    """Return the name of the model that is made; empty if it is no model."""
    kind, name = product_of(produces) if produces else ("", "")
    return name if kind == MODEL else ""
