"""Write a project file for what is declared already, so that who began with commands can adopt it."""

from __future__ import annotations

from typing import Any

import tomlkit

from meguru.app import calls
from meguru.applies.types import WantedThing
from meguru.kernel.kinds import kinds


def written_out(ws: Any, name: str) -> str:
    """Return the text of a project file that declares what is there now; applying it changes nothing.

    Parameters
    ----------
    ws
        A workspace, here or on a server.
    name
        The name under which the file is to own what it declares.
    """
    found: list[WantedThing] = calls.apply_present(ws)
    content: dict[str, Any] = {"project": {"name": name}}
    for each in found:
        content.setdefault(kinds()[each.kind].table, {})[each.name] = _without_null(each.spec)
    return tomlkit.dumps(content)


def _without_null(value: Any) -> Any:
    """Return a value without what TOML can't say: a field that is null is as if it were not given."""
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_null(each) for each in value]
    return value
