"""Arguments for any operation: names of things that are there; for the rest, something of the right type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import inspect

from meguru.base import digests, refs
from meguru.kernel.kinds import kind_of
from meguru.kernel.operations import Operation
from meguru.testing.authorisation.world import BLOB, DEFAULT, MARKS, World

MOMENT = "2013-03-01T00:00:00Z"
LATER = "2013-04-01T00:00:00Z"
BY_NAME: Mapping[str, Any] = {
    "principal": "any-viewer",
    "role": "guest",
    "to": "any-viewer",
    "allow": [],
    "issuer": "https://example.com",
    "claims": {"sub": "some"},
    "projects": ["default"],
    "on": {"event": "nothing.happened"},
    "action": {"endpoint": "some"},
    "url": "https://example.com",
    "topics": ["registered_model.created"],
    "digest": digests.of_bytes(BLOB),
    "timeout": 0.01,
}
"""What fields of these names take, when it is not said what they refer to."""
_LISTS: Mapping[str, Any] = {"to": ["console"]}
"""The same, of fields that take several."""
_PLAIN: Mapping[type[inspect.Type], Any] = {
    inspect.StrType: "some",
    inspect.IntType: 1,
    inspect.FloatType: 1.0,
    inspect.BoolType: False,
    inspect.DateTimeType: MOMENT,
    inspect.DateType: MOMENT[:10],
    inspect.BytesType: "",
    inspect.NoneType: None,
    inspect.AnyType: None,
    inspect.ListType: [],
    inspect.CollectionType: [],
    inspect.DictType: {},
}


def arguments(
    operation: Operation[..., Any], world: World, project: str, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return arguments, as JSON, to ask for an operation in a project with; those `given` are kept."""
    found = dict(given or {})
    for field in fields_of(operation):
        if field.name in found or not field.required:
            continue
        found[field.name] = _value(operation, world, project, field)
    return found


def kinds_named(operation: Operation[..., Any]) -> dict[str, str]:
    """Return the kinds of what an operation names beside its subject, by the place among its arguments."""
    found = {name: kind for name, kind in operation.refers.items() if name != operation.on}
    for field in fields_of(operation):
        if field.name == "spec" and isinstance(field.type, inspect.StructType):
            found |= {f"spec.{each.name}": each.name for each in field.type.fields if kind_of(each.name)}
    return found


def naming(given: Mapping[str, Any], operation: Operation[..., Any], place: str, name: str) -> dict[str, Any]:
    """Return arguments in which one place names something else."""
    first, _, rest = place.partition(".")
    if rest:
        return dict(given, **{first: dict(given[first], **{rest: name})})
    field = next(each for each in fields_of(operation) if each.name == first)
    return dict(given, **{first: [name] if _is_list(field.type) else name})


def fields_of(operation: Operation[..., Any]) -> tuple[inspect.Field, ...]:
    """Return the fields of an operation's arguments."""
    found: tuple[inspect.Field, ...] = inspect.type_info(operation.arguments_type).fields  # type: ignore[attr-defined]
    return found


def _value(operation: Operation[..., Any], world: World, project: str, field: inspect.Field) -> Any:
    noun = operation.name.partition(".")[0]
    kind = operation.refers.get(field.name) or (
        _guessed(world, noun, field.name) if _is_text(field.type) else ""
    )
    if kind:
        name = world.thing(project, kind) or refs.within(project, MARKS[project])
        return [name] if _is_list(field.type) else name
    return _of_field(field, MARKS[project])


def _guessed(world: World, noun: str, field: str) -> str:
    # An operation that does not say yet what its arguments name.
    known = world.things[DEFAULT]
    if field in known and field not in BY_NAME:
        return field
    return noun if field in {"name", "ref", "id"} and noun in known else ""


def _is_list(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(_is_list(each) for each in kind.types)
    return isinstance(kind, inspect.ListType)


def _is_text(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StrType) or (_is_list(kind) and "StrType" in repr(kind))


def _of_field(field: inspect.Field, mark: str) -> Any:
    if field.name in _LISTS and _is_list(field.type):
        return _LISTS[field.name]
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    found = _of_type(field.type, mark)
    return LATER if found == MOMENT and field.name == "end" else found


def _of_type(kind: inspect.Type, mark: str) -> Any:
    match kind:
        case inspect.Metadata():
            return _of_type(kind.type, mark)
        case inspect.UnionType():
            return _of_type(kind.types[0], mark)
        case inspect.StructType():
            tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
            return tag | {
                field.encode_name: _of_field(field, mark) for field in kind.fields if field.required
            }
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.LiteralType():
            return kind.values[0]
        case _:
            return _PLAIN.get(type(kind))
