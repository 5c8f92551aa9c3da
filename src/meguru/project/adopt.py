"""Write the present state of things into the project file: comments and the rest stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import AoT, Table
from tomlkit.toml_document import TOMLDocument

from meguru.app import calls
from meguru.applies.types import ApplyPlan, PlannedAction
from meguru.base import refs
from meguru.base.names import normal
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.declarations import Change
from meguru.kernel.kinds import Kind, kinds
from meguru.project.files import replace_text
from meguru.project.toml_values import item_of, table_of
from meguru.project.types import FileThing, ProjectFile


def adopt(ws: Any, project: ProjectFile, plan: ApplyPlan, wanted: Iterable[str]) -> list[Path]:
    """Write into the file how things are now, so that there is nothing to do with them; return what changed.

    Parameters
    ----------
    ws
        A workspace, here or on a server.
    project, plan
        The file, and what is to be done for it.
    wanted
        References of things: changed or retired past the file, dropped from it, or never in it.

    Raises
    ------
    NotFound
        If there is no such thing.
    InvalidInput
        If the file is a Python file, which nobody but its author can change.
    """
    if project.main.suffix != ".toml":
        hint = "change it by hand: meguru plan shows what differs"
        raise InvalidInput("only a TOML file can be written", where=str(project.main), hint=hint)
    changed: dict[Path, TOMLDocument] = {}
    actions = {action.ref: action for action in plan.actions}
    for given in wanted:
        ref = str(refs.parse(normal(given)))
        _one(ws, project, actions.get(ref), ref, changed)
    for path, document in changed.items():
        replace_text(path, tomlkit.dumps(document))
    return list(changed)


def _one(
    ws: Any,
    project: ProjectFile,
    action: PlannedAction | None,
    ref: str,
    changed: dict[Path, TOMLDocument],
) -> None:
    kind = kinds()[refs.parse(ref).kind]
    thing = next((file_thing for file_thing in project.things if _is(file_thing, ref)), None)
    if thing is None:
        spec = _present(ws, kind, ref, action)
        name = refs.parse(ref).name
        _section(_document(changed, project.main), (kind.table,))[name] = table_of(_usual_out(kind, spec))
    elif action is not None and action.change is Change.CREATED:
        del _section(_document(changed, thing.source.file), (kind.table,))[thing.path[1]]
    elif action is not None:
        _write_fields(kind, thing, action, changed)


def _is(thing: FileThing, ref: str) -> bool:
    kind, _, name = ref.partition("/")
    return thing.wanted.kind == kind and f"/{name}".endswith(f"/{refs.within('', thing.wanted.name)}")


def _present(ws: Any, kind: Kind, ref: str, action: PlannedAction | None) -> dict[str, Any]:
    """Return the spec of a thing that the file does not declare."""
    if action is not None and action.before is not None:
        return action.before
    found = {f"{thing.kind}/{thing.name}": thing.spec for thing in calls.apply_present(ws)}
    if ref not in found:
        raise NotFound.of(kind.title[0], refs.parse(ref).name, [each.partition("/")[2] for each in found])
    return found[ref]


def _write_fields(
    kind: Kind, thing: FileThing, action: PlannedAction, changed: dict[Path, TOMLDocument]
) -> None:
    """Set the fields that differ as they are now; what is as always goes, unless an environment says it."""
    usual = _usual(kind)
    base = _section(_document(changed, thing.source.file), thing.path)
    made = any(field_change.field not in thing.wanted.spec for field_change in action.fields)
    if made and kind.section_type is not None and kind.spec is not None:
        for field in set(kind.section_type.__struct_fields__) - set(kind.spec.__struct_fields__):
            base.pop(field, None)  # what was made of it is said itself now
    for change in action.fields:
        if change.field in thing.overridden:
            source, path = thing.overridden[change.field]
            _put(_section(_document(changed, source.file), path[:-1]), change.field, change.before)
        elif change.before == usual.get(change.field, msgspec.NODEFAULT):
            base.pop(change.field, None)
        else:
            _put(base, change.field, change.before)


def _usual(kind: Kind) -> dict[str, Any]:
    """Return the default of each field of a kind's spec, as plain values."""
    found = {}
    for each in msgspec.structs.fields(kind.spec) if kind.spec else ():
        value = each.default_factory() if each.default_factory is not msgspec.NODEFAULT else each.default
        found[each.encode_name] = value if value is msgspec.NODEFAULT else msgspec.to_builtins(value)
    return found


def _usual_out(kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
    usual = _usual(kind)
    return {key: value for key, value in spec.items() if usual.get(key, msgspec.NODEFAULT) != value}


def _document(changed: dict[Path, TOMLDocument], path: Path) -> TOMLDocument:
    if path not in changed:
        changed[path] = tomlkit.parse(path.read_text("utf-8"))
    return changed[path]


def _section(document: TOMLDocument, path: tuple[str, ...]) -> Any:
    found: Any = document
    for name in path:
        if name not in found:
            found[name] = tomlkit.table(is_super_table=True)
        found = found[name]
    return found


def _put(table: Any, field: str, value: Any) -> None:
    if value is None or isinstance(table.get(field), Table | AoT):
        table.pop(field, None)  # a table of its own becomes an inline one
    if value is not None:
        table[field] = item_of(value)
