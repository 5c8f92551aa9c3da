"""The JSON Schema of project files, made from the types of the kinds: editors complete and check by it."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import msgspec

from meguru.app.kinds import all_kinds
from meguru.kernel.kinds import FieldMembers, Kind
from meguru.kernel.kinds.kind import load
from meguru.project.types import EnvironmentSpec, ProjectHead

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole project file, with all kinds that are installed."""
    declared = [kind for kind in all_kinds() if kind.spec is not None]
    shapes = {kind.table: shape_of(kind) for kind in declared}
    (head, env, *things), parts = msgspec.json.schema_components(
        [ProjectHead, EnvironmentSpec, *shapes.values()],
        ref_template=_REFERENCE,
        schema_hook=lambda kind: {"description": inspect.cleandoc(kind.__doc__ or "")},
    )
    parts = _with_members(parts, declared)
    overrides = {}
    for table, shape in shapes.items():
        part = f"{shape.__name__}Override"
        parts[part] = _partial(parts[shape.__name__])
        overrides[table] = _by_name({"$ref": _REFERENCE.format(name=part)})
    parts["EnvironmentSpec"]["properties"]["override"] = _table(overrides)
    sections = {table: _by_name(thing) for table, thing in zip(shapes, things, strict=True)}
    include = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    own = {"project": head, "env": _by_name(env), "include": include}
    whole = _table(own | sections) | {"required": ["project"]}
    return {"$schema": DIALECT, "title": "meguru.toml", **whole, "$defs": parts}


def shape_of(kind: Kind) -> type[msgspec.Struct]:
    """Return the struct of what people write in a project file for a kind that is declared."""
    shape = kind.section_type or kind.spec
    if shape is None:
        message = f"{kind.name} is not declared in files"
        raise TypeError(message)
    return shape


def members_of(field: FieldMembers) -> dict[str, Any]:
    """Return the structs that may stand in a field, by name; a member that is no struct is left out."""
    family = load(field.family)
    found = {name: family.load(name) for name in family.names()}
    return {
        name: member
        for name, member in found.items()
        if isinstance(member, type) and issubclass(member, msgspec.Struct)
    }


def _with_members(parts: dict[str, Any], declared: list[Kind]) -> dict[str, Any]:
    """Say of each field that holds members of a family which there are, and what each takes."""
    by_kind = {kind.name: shape_of(kind).__name__ for kind in declared}
    for field in (field_members for kind in all_kinds() for field_members in kind.members):
        kind, _, name = field.field.partition(".")
        members = members_of(field)
        _, made = msgspec.json.schema_components(
            list(members.values()), ref_template=_REFERENCE, schema_hook=lambda _: {}
        )
        for member, shape in members.items():
            made[shape.__name__] = _tagged(made[shape.__name__], field, member)
            made[shape.__name__]["properties"] |= _also(field)
        parts |= made
        one = {"anyOf": [{"$ref": _REFERENCE.format(name=shape.__name__)} for shape in members.values()]}
        parts[by_kind[kind]]["properties"][name] = _inside(parts[by_kind[kind]]["properties"][name], one)
    return parts


def _tagged(part: dict[str, Any], field: FieldMembers, member: str) -> dict[str, Any]:
    properties = {field.tag: {"const": member}} | part.get("properties", {})
    required = [*part.get("required", []), *([field.tag] if field.required else [])]
    return part | {"properties": properties, "required": required}


def _also(field: FieldMembers) -> dict[str, Any]:
    """Return the properties that every member of a field takes beside its own."""
    if not field.also:
        return {}
    (made,) = msgspec.json.schema_components([load(field.also)], ref_template=_REFERENCE)[1].values()
    found: dict[str, Any] = made["properties"]
    return found


def _inside(before: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    if before.get("type") == "array":
        return before | {"items": one}
    return {key: value for key, value in before.items() if key == "default"} | one


def _partial(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of only those fields that differ."""
    return {key: value for key, value in copy.deepcopy(part).items() if key not in {"required", "title"}}


def _by_name(thing: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": thing}


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}
