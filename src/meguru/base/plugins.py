"""Plug-in families: a name, and the place its member is loaded from when first used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from meguru.errors import NotFound


class PluginFamily:
    """The members of one family, loaded lazily.

    Parameters
    ----------
    family
        What a member is called in messages, and (with spaces as ``_``) the entry-point group
        ``meguru.<family>`` in which other packages may add members.
    members
        Where each built-in member lives, as ``module:attribute``.
    """

    def __init__(self, family: str, members: Mapping[str, str]) -> None:
        self.family = family
        self._places = dict(members)
        self._loaded: dict[str, Any] = {}
        self._points: list[Any] | None = None

    def names(self) -> list[str]:
        """Return the names of all members, built-in and installed, sorted."""
        return sorted({*self._places, *(point.name for point in self._installed())})

    def load(self, name: str) -> Any:
        """Return the member called `name`; NotFound with near misses if there is none."""
        if name not in self._loaded:
            self._loaded[name] = self._find(name)
        return self._loaded[name]

    def _find(self, name: str) -> Any:
        if name in self._places:
            module, _, attribute = self._places[name].partition(":")
            return getattr(import_module(module), attribute)
        for point in self._installed():
            if point.name == name:
                return point.load()
        raise NotFound.of(self.family, name, self.names())

    def _installed(self) -> list[Any]:
        # Asked once, and only for what is not built in: it reads the metadata of every installed package.
        if self._points is None:
            from importlib.metadata import entry_points

            self._points = list(entry_points(group="meguru." + self.family.replace(" ", "_")))
        return self._points
