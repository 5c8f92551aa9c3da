"""What kinds provide to those below them, which know a family by its name and no kind by its place."""

from __future__ import annotations

from functools import cache

from meguru.base.plugins import PluginFamily
from meguru.kernel.kinds.kind import kinds


def provided(family: str) -> PluginFamily:
    """Return the members of a family, each by the name of the kind that provides it (`Kind.provides`)."""
    return _table(family, tuple(kinds()))


@cache
def _table(family: str, known: tuple[str, ...]) -> PluginFamily:
    # Made anew when more kinds were loaded since.
    found = {name: kinds()[name].provides.get(family, "") for name in known}
    return PluginFamily(family, {name: place for name, place in found.items() if place})
