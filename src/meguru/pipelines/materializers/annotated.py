"""Tuples, sets, dates, enums, lists of records: JSON can't tell them apart, the annotation does."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from meguru.errors import InvalidInput
from meguru.pipelines.materializers.base import Place, Value, put
from meguru.pipelines.materializers.plain import dump


class Annotated:
    """JSON, read back as the return annotation of the step says."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value can be written as JSON at all."""
        try:
            msgspec.to_builtins(value, str_keys=True)
        except (TypeError, msgspec.MsgspecError):
            return False
        return True

    def save(self, value: Any, annotation: Any, place: Place) -> Value:
        """Write JSON, if reading it back gives an equal value."""
        data = dump(msgspec.to_builtins(value, str_keys=True))
        if _convert(json.loads(data), annotation) != value:
            raise InvalidInput(
                f"a {type(value).__name__} that a step returns can't be read back as it was",
                why=f"the step's return annotation is {annotation}",
                hint="annotate what the step returns, as in -> dict[int, str]; or return lists and dicts",
            )
        return put("annotated", data, place)

    def load(self, value: Value, annotation: Any, place: Place) -> Any:
        """Read JSON as the annotated type."""
        return _convert(json.loads(place.blobs.get_bytes(value.digest)), annotation)


def _convert(plain: Any, annotation: Any) -> Any:
    try:
        return msgspec.convert(plain, annotation, str_keys=True)
    except (TypeError, msgspec.MsgspecError):
        return plain


ANNOTATED = Annotated()
