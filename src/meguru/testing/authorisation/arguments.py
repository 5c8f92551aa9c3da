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
PLURALS: Mapping[str, str] = {
    "views": "feature_view",
    "entities": "entity",
    "sources": "dataset",
    "models": "model",
    "datasets": "dataset",
    "endpoints": "endpoint",
    "pipelines": "pipeline",
}
"""What fields of specs are of that hold several names, or patterns of names."""
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
        # A spec that was taken before: a made one may be refused before what it names is looked at.
        known = world.specs.get(f"{operation.name.partition('.')[0]}/{found.get(operation.on)}")
        found[field.name] = (
            known if field.name == "spec" and known is not None else _value(operation, world, project, field)
        )
    return found


def kinds_named(operation: Operation[..., Any]) -> dict[str, str]:
    """Return the kinds of what an operation names beside its subject, by the place among its arguments."""
    found = {name: kind for name, kind in operation.refers.items() if name != operation.on}
    for field in fields_of(operation):
        if field.name == "spec" and isinstance(field.type, inspect.StructType):
            kinds = {each.name: _kind_of_part(each) for each in field.type.fields}
            found |= {f"spec.{name}": kind for name, kind in kinds.items() if kind}
    return found


def _kind_of_part(field: inspect.Field) -> str:
    """Return of which kind the things are that a field of a spec names; empty if it names none."""
    if not _holds_names(field.type):
        return ""
    return field.name if kind_of(field.name) else PLURALS.get(field.name, "")


def _holds_names(kind: inspect.Type) -> bool:
    match kind:
        case inspect.Metadata():
            return _holds_names(kind.type)
        case inspect.UnionType():
            return any(map(_holds_names, kind.types))
        case inspect.ListType():
            return _holds_names(kind.item_type)
        case inspect.DictType():
            return _holds_names(kind.value_type)
        case _:
            return isinstance(kind, inspect.StrType)


def naming(given: Mapping[str, Any], operation: Operation[..., Any], place: str, name: str) -> dict[str, Any]:
    """Return arguments in which one place names something else."""
    first, _, rest = place.partition(".")
    field = next(each for each in fields_of(operation) if each.name == first)
    if rest:
        part = next(each for each in field.type.fields if each.name == rest)  # type: ignore[attr-defined]
        return dict(given, **{first: dict(given[first], **{part.encode_name: _held(part.type, name)})})
    return dict(given, **{first: _held(field.type, name)})


def _held(kind: inspect.Type, name: str) -> Any:
    """Return a name as a field of a type holds it: alone, in a list, or under some key."""
    if isinstance(kind, inspect.DictType):
        return {"some": name}
    return [name] if _is_list(kind) else name


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
    return _of_field(field, MARKS[project], world.things[project])


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


def _of_field(field: inspect.Field, mark: str, things: Mapping[str, str]) -> Any:
    if field.name in _LISTS and _is_list(field.type):
        return _LISTS[field.name]
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    found = _of_type(field.type, mark, things)
    return LATER if found == MOMENT and field.name == "end" else found


def _of_type(kind: inspect.Type, mark: str, things: Mapping[str, str]) -> Any:
    match kind:
        case inspect.Metadata():
            return _of_type(kind.type, mark, things)
        case inspect.UnionType():
            return _of_type(kind.types[0], mark, things)
        case inspect.StructType():
            tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
            return tag | {
                each.encode_name: _part(each, mark, things) for each in kind.fields if each.required
            }
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.LiteralType():
            return kind.values[0]
        case _:
            return _PLAIN.get(type(kind))


def _part(field: inspect.Field, mark: str, things: Mapping[str, str]) -> Any:
    """Return what a field of a spec holds: names of things that are there, so that all of it makes sense."""
    name = None if field.name in BY_NAME else things.get(_kind_of_part(field))
    return _held(field.type, name) if name else _of_field(field, mark, things)
