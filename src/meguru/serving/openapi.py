"""What one endpoint takes and gives, as OpenAPI."""

from __future__ import annotations

from typing import Any

from meguru.flavors import ColumnType, SignatureColumn
from meguru.serving.service import EndpointStatus

_TYPES: dict[ColumnType, dict[str, Any]] = {
    ColumnType.BOOLEAN: {"type": "boolean"},
    ColumnType.LONG: {"type": "integer", "format": "int64"},
    ColumnType.DOUBLE: {"type": "number"},
    ColumnType.STRING: {"type": "string"},
    ColumnType.DATETIME: {"type": "string", "format": "date-time"},
}
_TIME = {"type": "string", "format": "date-time"}
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                name: {"type": "string"} for name in ("code", "what", "where", "why", "try", "field")
            },
        }
    },
}


def document(status: EndpointStatus) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of one endpoint; before it has a model, rows may hold anything."""
    row = _row(status.signature.inputs) if status.signature else {"type": "object"}
    path = f"/endpoints/{status.name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Endpoint {status.name}", "version": status.model or "pending"},
        "paths": {
            f"{path}/predict": {"post": _predict(row)},
            path: {
                "get": {
                    "operationId": "status",
                    "summary": "Tell what answers, and what it takes.",
                    "responses": {"200": {"description": "state and signature"}},
                }
            },
        },
        "components": {"schemas": {"Error": _ERROR}},
    }


def _row(columns: tuple[SignatureColumn, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column.name: _type(column) for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }


def _type(column: SignatureColumn) -> dict[str, Any]:
    plain = _TYPES[column.type]
    return {**plain, "type": [plain["type"], "null"]} if column.nullable else plain


def _predict(row: dict[str, Any]) -> dict[str, Any]:
    rows = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": row}, "times": {"type": "array", "items": _TIME}},
        "required": ["rows"],
    }
    one = {"type": "object", "properties": {"row": row, "time": _TIME}, "required": ["row"]}
    scored = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "score": {"type": ["number", "null"]}},
    }
    text = {"type": "string"}
    answer = {
        "type": "object",
        "properties": {"predictions": {"type": "array", "items": scored}, "model": text, "release": text},
    }
    refused = {
        "description": "refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return {
        "operationId": "predict",
        "summary": "Score rows; each prediction is recorded before it is answered.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [rows, one]}}},
        },
        "responses": {
            "200": {"description": "scored", "content": {"application/json": {"schema": answer}}},
            "4XX": refused,
            "5XX": refused,
        },
    }
