"""The variables by which a step's processes learn of its project."""

from __future__ import annotations

import json
import os
from pathlib import Path

from meguru.base.ids import new_id
from meguru.compute.code.types import SourceFile
from meguru.compute.inherited.finders import PROJECT
from meguru.compute.inherited.watch import READS

PATH = "PYTHONPATH"
HERE = str(Path(__file__).parent)


def give(folder: Path, sources: list[SourceFile]) -> None:
    """Let Python processes that this one starts find a project's modules in an unpacked snapshot."""
    file = folder.with_name(folder.name + ".modules.json")
    if not file.exists():
        files = {source.module: source.path for source in sources if source.module}
        draft = file.with_name(new_id("draft"))
        draft.write_text(json.dumps({"folder": str(folder), "files": files}))
        draft.replace(file)
    os.environ[PROJECT] = str(file)
    places = [place for place in os.environ.get(PATH, "").split(os.pathsep) if place and place != HERE]
    os.environ[PATH] = os.pathsep.join([HERE, *places])


def without(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment for a process that has nothing to do with the step that this process may be."""
    return {name: value for name, value in environment.items() if name not in {PROJECT, READS}}
