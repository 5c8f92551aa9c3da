"""Make specs of what a project file says of files beside it, and bring the files along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.applies.types import PlannedAction, WantedThing
from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.kinds import kinds
from meguru.kernel.kinds.kind import load
from meguru.project.read import where_of
from meguru.project.types import ProjectFile


def prepared(project: ProjectFile) -> list[WantedThing]:
    """Return what the file declares, each as a spec: what `Kind.prepare` has to look at was looked at.

    Raises
    ------
    InvalidInput
        When what the file says can't be made into a spec; `where` is its place in the file.
    """
    return [_one(project, thing.wanted) for thing in project.things]


def _one(project: ProjectFile, wanted: WantedThing) -> WantedThing:
    place = kinds()[wanted.kind].prepare
    if not place:
        return wanted
    try:
        fields: Mapping[str, Any] = load(place)(project.root, wanted.name, dict(wanted.spec))
    except InvalidInput as error:
        raise placed(project, wanted.kind, wanted.name, error) from error
    return msgspec.structs.replace(wanted, spec=dict(fields))


def carry_files(ws: Any, project: ProjectFile, action: PlannedAction) -> None:
    """Bring to the workspace what a declaration needs and no spec holds, such as the bytes of its files."""
    parsed = refs.parse(action.ref)
    place = kinds()[parsed.kind].upload
    if not place:
        return
    try:
        load(place)(ws, project.root, parsed.name, action.spec)
    except InvalidInput as error:
        raise placed(project, parsed.kind, parsed.name, error) from error


def placed(project: ProjectFile, kind: str, name: str, error: InvalidInput) -> InvalidInput:
    """Return an error with the place in the file of what it is about."""
    where = where_of(project, kind, name, error.field)
    field = ".".join(filter(None, (kind, name, error.field)))
    return InvalidInput(error.what, where=where or error.where, why=error.why, hint=error.hint, field=field)
