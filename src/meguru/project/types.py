"""A project file, as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from meguru.applies.types import WantedThing
from meguru.project.locate import Place


class ProjectHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[project]``: the name under which the file owns what it declares, and whose it is."""

    name: str
    schema: int = 1
    description: str = ""
    owner: str = ""


class EnvironmentSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[env.NAME]``: a workspace (folder, database or server), and what is different there.

    `override` has the sections of the file, with only the fields that differ.
    """

    workspace: str = ""
    override: dict[str, dict[str, dict[str, Any]]] = {}


@dataclass(frozen=True, kw_only=True)
class FileThing:
    """One thing of a file: what is wanted, and where it is written."""

    wanted: WantedThing
    file: Path
    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """A whole project file with what it includes, for one environment; `root` is its folder."""

    head: ProjectHead
    root: Path
    things: list[FileThing]
    environment: str = ""
    workspace: str = ""
    places: dict[Path, dict[tuple[str, ...], Place]] = field(default_factory=dict)

    @property
    def wanted(self) -> list[WantedThing]:
        """What the file declares, in the order in which it is carried out."""
        return [each.wanted for each in self.things]
