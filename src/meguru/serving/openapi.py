"""What one endpoint takes and gives, as OpenAPI."""

from __future__ import annotations

from typing import Any

from meguru.base import openapi
from meguru.flavors import ColumnType, SignatureColumn
from meguru.predictions.row_keys import MAX_KEY
from meguru.predictions.types import MAX_OUTCOMES
from meguru.serving.service import EndpointStatus
from meguru.tasks import ModelOutput, OutputType

_TYPES: dict[ColumnType, dict[str, Any]] = {
    ColumnType.BOOLEAN: {"type": "boolean"},
    ColumnType.LONG: {"type": "integer", "format": "int64"},
    ColumnType.DOUBLE: {"type": "number"},
    ColumnType.STRING: {"type": "string"},
    ColumnType.DATETIME: {"type": "string", "format": "date-time"},
}
_TIME = {"type": "string", "format": "date-time"}
_KEY = {"type": ["string", "integer"], "maxLength": MAX_KEY, "description": "the client's own name of a row"}


def document(status: EndpointStatus) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of one endpoint; before it has a model, rows may hold anything."""
    row = _row(status.signature.inputs, status.given) if status.signature else {"type": "object"}
    path = f"/endpoints/{status.name}"
    paths = {
        f"{path}/predict": {"post": _predict(row, status.outputs)},
        path: {
            "get": {
                "operationId": "status",
                "summary": "Tell what answers, and what it takes.",
                "responses": {"200": {"description": "state, signature, outputs and outcome"}},
            }
        },
        "/api/v1/outcome/record": {"post": _outcome(status)},
    }
    title, version = f"Endpoint {status.name}", status.model or "pending"
    return openapi.document(title, version, paths, {"Error": openapi.ERROR})


def _row(columns: tuple[SignatureColumn, ...], given: tuple[SignatureColumn, ...]) -> dict[str, Any]:
    """Return the schema of a row; what feature views give may be sent too, by name."""
    row: dict[str, Any] = {
        "type": "object",
        "properties": {column.name: _type(column) for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }
    # What views give is optional and wins over them: listed as names that may be there, not as required
    # properties.
    if given:
        names = [column.name for column in (*columns, *given)]
        told = "a feature, which is taken instead of what its view gives: "
        row["additionalProperties"] = {"description": told + ", ".join(column.name for column in given)}
        row["propertyNames"] = {"enum": names}
    return row


def _type(column: SignatureColumn) -> dict[str, Any]:
    plain = _TYPES[column.type]
    for size in reversed(column.shape):
        plain = {"type": "array", "items": plain, "minItems": size, "maxItems": size}
    return {**plain, "type": [plain["type"], "null"]} if column.nullable else plain


def _outcome(status: EndpointStatus) -> dict[str, Any]:
    """Tell how the outcome of a prediction is sent, and what it may be."""
    one = {
        "type": "object",
        "properties": {
            "prediction_id": {"type": "string"},
            "key": _KEY,
            "time": _TIME,
            "value": status.outcome or {},
            "at": _TIME,
        },
        "required": ["value"],
        "oneOf": [{"required": ["prediction_id"]}, {"required": ["key"]}],
    }
    outcomes = {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_OUTCOMES}
    body = {
        "type": "object",
        "properties": {"endpoint": {"const": status.name}, "outcomes": outcomes},
        "required": ["endpoint", "outcomes"],
    }
    return {
        "operationId": "record_outcomes",
        "summary": "Record what really happened.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "recorded"}, "4XX": openapi.REFUSED},
    }


def _output(output: ModelOutput) -> dict[str, Any]:
    """Return the schema of one output in an answer."""
    if output.type is OutputType.ANY:
        return {}
    plain: dict[str, Any] = _TYPES[ColumnType(output.type.value)]
    if output.labels:
        each = {**plain, "type": [plain["type"], "null"]}
        return {"type": "object", "properties": dict.fromkeys(output.labels, each)}
    if not output.shape:
        return {**plain, "type": [plain["type"], "null"]}
    found = plain
    for _ in output.shape:
        found = {"type": "array", "items": found}
    return found


def _predict(row: dict[str, Any], outputs: list[ModelOutput]) -> dict[str, Any]:
    rows = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": row},
            "times": {"type": "array", "items": _TIME},
            "keys": {"type": "array", "items": _KEY},
        },
        "required": ["rows"],
    }
    one = {
        "type": "object",
        "properties": {"row": row, "time": _TIME, "key": _KEY},
        "required": ["row"],
    }
    scored = {
        "type": "object",
        "properties": {"id": {"type": "string"}, **{output.name: _output(output) for output in outputs}},
    }
    text = {"type": "string"}
    answer = {
        "type": "object",
        "properties": {"predictions": {"type": "array", "items": scored}, "model": text, "release": text},
    }
    return {
        "operationId": "predict",
        "summary": "Score rows; each prediction is recorded before it is answered.",
        "parameters": [
            openapi.IDEMPOTENCY_KEY,
            {
                "name": "explain",
                "in": "query",
                "required": False,
                "description": "tell where each value is from that the model was given, and how old it is",
                "schema": {"const": "features"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [rows, one]}}},
        },
        "responses": {
            "200": {"description": "scored", "content": {"application/json": {"schema": answer}}},
            "4XX": openapi.REFUSED,
            "5XX": openapi.REFUSED,
        },
    }
