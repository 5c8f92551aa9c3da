"""The frame of an OpenAPI 3.1 document, and what all of ours say alike: errors, tokens, idempotency keys.

Source: OpenAPI Specification 3.1.0. Its schemas are JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION = "3.1.0"
SCHEMA_REF = "#/components/schemas/{name}"
"""Where a named schema stands in a document."""
ERROR: dict[str, Any] = {
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
"""The body of every refusal, as `MeguruError.as_dict` makes it."""
REFUSED: dict[str, Any] = {
    "description": "refused",
    "content": {"application/json": {"schema": {"$ref": SCHEMA_REF.format(name="Error")}}},
}
"""The response of status 4XX or 5XX, in a document that names `ERROR` among its schemas."""
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def document(
    title: str, version: str, paths: Mapping[str, Any], schemas: Mapping[str, Any], *, token: bool = True
) -> dict[str, Any]:
    """Return an OpenAPI document.

    Parameters
    ----------
    title, version
        Of what it describes.
    paths
        Path items, by path.
    schemas
        Named schemas, to which ``#/components/schemas/NAME`` refers.
    token
        Whether to say that a bearer token is taken. It is optional: a workspace on one machine needs none.
    """
    components: dict[str, Any] = {"schemas": dict(schemas)}
    made: dict[str, Any] = {
        "openapi": VERSION,
        "info": {"title": title, "version": version},
        "paths": dict(paths),
        "components": components,
    }
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}, {}]
    return made
