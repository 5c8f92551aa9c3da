"""Three projects with a thing of every kind in each, and a way back to how they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from meguru.app.nouns import load_operations
from meguru.applies.show import present
from meguru.base import refs
from meguru.errors import Forbidden
from meguru.governance.admission import authenticate
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.kinds import kind_of
from meguru.kernel.operations.subject import is_shared
from meguru.kernel.workspace import Workspace
from meguru.registry.alias import alias
from meguru.testing.authorisation.fixtures import MAKERS, NEEDS
from meguru.testing.authorisation.making import Making
from meguru.testing.authorisation.people import Person, everybody
from meguru.testing.tampering import drop_guards

OWN, FOREIGN, DEFAULT = "team", "hidden", ""
MARKS = {OWN: "ownmark", FOREIGN: "secretmark", DEFAULT: "plainmark"}
"""What the name of each thing of a project is, so that an answer that tells of one can be recognised."""
COMMON = "commonmark"
"""The name of each thing that all projects share."""
NOWHERE = "nosuchmark"
"""The name of nothing, anywhere."""
BLOB = b"some bytes"
"""What is in the store, and of no project."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What is there: by project and kind, the name (in full) or the id of a thing."""

    things: dict[str, dict[str, str]]
    people: list[Person]
    specs: dict[str, Any] = {}
    """What is declared of things, by their reference."""

    def thing(self, project: str, kind: str) -> str | None:
        """Return the name of a project's thing; None when kinds like it are of no project."""
        return self.things[project].get(kind)

    def betrayed(self, project: str, said: str) -> list[str]:
        """Return what of a project's things a text tells."""
        known = {
            name
            for kind, name in self.things[project].items()
            if kind != "project" and not is_shared(refs.Ref(kind, name))
        }
        return sorted(each for each in {MARKS[project], *known} if each in said)


def fill(ws: Workspace, folder: Path) -> World:
    """Make the world; `folder` gets the files that it is made from."""
    load_operations()
    for name in (OWN, FOREIGN):
        projects.declare(ws, name=name, spec=ProjectSpec(description=MARKS[name]))
    ws.blobs.put_bytes(BLOB)
    things = {project: _things(ws, project, folder) for project in MARKS}
    declared = {refs.Ref(each.kind, each.name): each.spec for each in present(ws)}
    specs = {str(ref): spec for ref, spec in declared.items() if not is_shared(ref)}
    world = World(things=things, people=everybody(ws, OWN, FOREIGN), specs=specs)
    _refuse_once(ws, world)
    return world


def _refuse_once(ws: Workspace, world: World) -> None:
    """Have somebody be refused something of the foreign project, so that the log tells of that."""
    reader = next(each for each in world.people if each.name == "reader-beside")
    as_reader = ws.with_(principal=authenticate(ws, reader.token))
    with suppress(Forbidden):
        alias(as_reader, ref=f"model/{world.things[FOREIGN]['model']}@1", alias=MARKS[FOREIGN])


def _things(ws: Workspace, project: str, folder: Path) -> dict[str, str]:
    within, made = ws.with_(project=project), dict[str, str]()
    for name, make in MAKERS.items():
        kind = kind_of(name)
        if project and (kind is None or kind.shared or NEEDS.get(name, "project") not in {"project", *made}):
            continue
        mark = COMMON if kind is not None and kind.shared else MARKS[project]
        found = make(Making(ws=within, mark=mark, folder=folder, made=made))
        made[name] = refs.within(project, found) if kind is not None and kind.named else found
    made["project"] = project or refs.DEFAULT
    return made


_WRITTEN = """
SELECT table_name, string_agg('"' || column_name || '"', ', ') FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name
"""
"""The tables, each with its columns that are not computed."""


class Restore:
    """Brings a database back to how it was when this was made; for tests of changes, each from one start."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._tables: dict[str, str] = {}
        self._was = sqlite3.connect(":memory:")
        if ws.db.is_sqlite:
            with self._here() as here:
                here.backup(self._was)
        else:
            self._keep()

    def __call__(self) -> None:
        """Bring everything back."""
        if self._ws.db.is_sqlite:
            with self._here() as here:
                self._was.backup(here)
        else:
            self._bring_back()

    @contextmanager
    def _here(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(str(self._ws.db.engine.url.database))
        try:
            yield connection
        finally:
            connection.close()

    def _keep(self) -> None:
        with self._ws.db.engine.begin() as tx:
            drop_guards(tx)  # what is brought back is the log too
            tx.execute(text("CREATE SCHEMA kept"))
            for name, columns in tx.execute(text(_WRITTEN)):
                self._tables[f'"{name}"'] = columns
                tx.execute(text(f'CREATE TABLE kept."{name}" AS SELECT {columns} FROM public."{name}"'))

    def _bring_back(self) -> None:
        with self._ws.db.engine.begin() as tx:
            tx.execute(text("SET LOCAL session_replication_role = replica"))  # in any order
            for name, columns in self._tables.items():
                tx.execute(text(f"DELETE FROM public.{name}"))
                tx.execute(text(f"INSERT INTO public.{name} ({columns}) SELECT {columns} FROM kept.{name}"))
