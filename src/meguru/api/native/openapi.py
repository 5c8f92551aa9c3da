"""The OpenAPI document, from the same signatures that check the requests."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

import msgspec

from meguru.app.nouns import load_operations
from meguru.base import openapi
from meguru.kernel.operations import Operation, native


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all registered operations."""
    load_operations()  # a server imports one when it is first asked
    operations = list(native().values())
    types = [kind for one in operations for kind in (one.arguments_type, one.result_type)]
    schemas, components = msgspec.json.schema_components(types, ref_template=openapi.SCHEMA_REF)
    paths: dict[str, Any] = {}
    for index, one in enumerate(operations):
        arguments, result = schemas[2 * index], schemas[2 * index + 1]
        paths[one.path] = {"get" if one.query else "post": _entry(one, arguments, result, components)}
    paths["/health"] = {
        "get": {"summary": "Tell that the server is up.", "responses": {"200": {"description": "up"}}}
    }
    schemas_by_name = {**components, "Error": openapi.ERROR}
    return openapi.document("Meguru", version("meguru"), paths, schemas_by_name)


def _entry(
    one: Operation[..., Any], arguments: dict[str, Any], result: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.name.split(".")[0]],
        "summary": one.summary,
        "description": inspect.getdoc(one.function) or "",
        "x-permission": one.permission,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": result}}},
            "4XX": openapi.REFUSED,
            "5XX": openapi.REFUSED,
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
        entry["parameters"] = [openapi.IDEMPOTENCY_KEY]
        entry["requestBody"] = {"required": True, "content": {"application/json": {"schema": arguments}}}
    return entry
