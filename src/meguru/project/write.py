"""Write a project file for what is declared already, so that who began with commands can adopt it."""

from __future__ import annotations

from typing import Any

import tomlkit

from meguru.app import calls
from meguru.app.kinds import all_kinds
from meguru.applies.types import WantedThing
from meguru.project.format import usual_form
from meguru.project.toml_values import table_of


def written_out(ws: Any, name: str) -> str:
    """Return the text of a project file that declares what is there now; applying it changes nothing.

    Parameters
    ----------
    ws
        A workspace, here or on a server.
    name
        The name under which the file is to own what it declares.
    """
    tables = {kind.name: kind.table for kind in all_kinds()}
    things: list[WantedThing] = calls.apply_present(ws)
    document = tomlkit.document()
    document["project"] = table_of({"name": name})
    for thing in things:
        if tables[thing.kind] not in document:
            document[tables[thing.kind]] = tomlkit.table(is_super_table=True)
        section: Any = document[tables[thing.kind]]
        section[thing.name] = table_of(thing.spec)
    return usual_form(tomlkit.dumps(document))
