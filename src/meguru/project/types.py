"""A project file, as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from meguru.applies.types import WantedThing
from meguru.errors import InvalidInput


class ProjectHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[project]``: the name under which the file owns what it declares, and whose it is.

    `schema` is the version of the format.
    """

    name: str
    schema: int = 1
    description: str = ""
    owner: str = ""


class EnvironmentSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[env.NAME]``: a workspace (folder, database or server), and what is different there.

    `workspace` is how people reach it. `served_from` is where a server of the project keeps it, a folder or a
    database: `meguru up` serves it at ``/env/NAME``. `override` has the sections of the file, with only the
    fields that differ; `policy` has policies that hold there alone.
    """

    workspace: str = ""
    served_from: str = ""
    override: dict[str, dict[str, dict[str, Any]]] = {}
    policy: dict[str, dict[str, Any]] = {}


class Locator(Protocol):
    """Knows where in a file something is written."""

    def place_of(self, path: tuple[str, ...]) -> tuple[int, int]:
        """Return line and column, from 1, of a value or of what holds it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of a project: what is in it, and where."""

    file: Path
    content: dict[str, Any]
    located: Locator
    size: int = 0

    def place(self, path: tuple[str, ...]) -> str:
        """Return FILE:LINE:COLUMN of a value, or of what holds it."""
        line, column = self.located.place_of(path)
        return f"{self.file}:{line}:{column}"

    def refusal(self, path: tuple[str, ...], what: str, *, why: str = "", hint: str = "") -> InvalidInput:
        """Return the error that says what is wrong with a value, and where it is written."""
        return InvalidInput(what, where=self.place(path), why=why, hint=hint, field=".".join(path))


@dataclass(frozen=True, kw_only=True)
class FileThing:
    """One thing of a file: what is wanted, and where it is written.

    `overridden` are the fields that an environment says, each with where it does.
    """

    wanted: WantedThing
    source: Source
    path: tuple[str, ...]
    overridden: dict[str, tuple[Source, tuple[str, ...]]] = field(default_factory=dict)

    def place(self, steps: tuple[str, ...]) -> str:
        """Return FILE:LINE:COLUMN of a field of the thing, or of what holds it."""
        if steps and steps[0] in self.overridden:
            source, path = self.overridden[steps[0]]
            return source.place((*path, *steps[1:]))
        return self.source.place((*self.path, *steps))


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """A whole project file with what it includes, for one environment; `main` is the file that was named.

    `root` is its folder.
    """

    head: ProjectHead
    main: Path
    things: list[FileThing]
    environment: str = ""
    workspace: str = ""

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.main.parent

    @property
    def wanted(self) -> list[WantedThing]:
        """What the file declares, in the order in which it is carried out."""
        return [thing.wanted for thing in self.things]
