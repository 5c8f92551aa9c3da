"""The OpenAPI document, from the same signatures that check the requests."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

import msgspec

from meguru.kernel.operations import Operation, native

_REF = "#/components/schemas/{name}"
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                name: {"type": "string"} for name in ("code", "what", "where", "why", "try", "field")
            },
            "required": ["code", "what"],
        }
    },
}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all registered operations."""
    operations = list(native().values())
    types = [kind for one in operations for kind in (one.arguments_type, one.result_type)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    paths: dict[str, Any] = {}
    for index, one in enumerate(operations):
        arguments, result = schemas[2 * index], schemas[2 * index + 1]
        paths[one.path] = {"get" if one.query else "post": _entry(one, arguments, result, components)}
    paths["/health"] = {
        "get": {"summary": "Tell that the server is up.", "responses": {"200": {"description": "up"}}}
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Meguru", "version": version("meguru")},
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _entry(
    one: Operation[..., Any], arguments: dict[str, Any], result: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    refusal = {
        "description": "refused",
        "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
    }
    entry: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.name.split(".")[0]],
        "summary": one.summary,
        "description": inspect.getdoc(one.function) or "",
        "x-permission": one.permission,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": result}}},
            "4XX": refusal,
            "5XX": refusal,
        },
    }
    schema = components[arguments["$ref"].rpartition("/")[2]] if "$ref" in arguments else arguments
    if one.query:
        required = schema.get("required", [])
        entry["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": kind}
            for name, kind in schema.get("properties", {}).items()
        ]
    else:
        entry["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": 200},
            }
        ]
        entry["requestBody"] = {"required": True, "content": {"application/json": {"schema": arguments}}}
    return entry
