"""Wait for a library: what follows its import is done at once if it is there, else when it is imported."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

log = logging.getLogger("meguru.autolog")


class ImportWatch(MetaPathFinder):
    """Calls something once a module is imported; what that raises is a warning, never the importer's."""

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self._name, self._then, self._is_looking = name, then, False

    def begin(self) -> None:
        """Watch from here on."""
        if self._name in sys.modules:
            self.arrived()
        else:
            sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Watch no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def arrived(self) -> None:
        """Do what follows the import."""
        self.end()
        try:
            self._then()
        except Exception as error:  # noqa: BLE001 - a library of another release must stay usable
            log.warning("%s is not followed: %s: %s", self._name, type(error).__name__, error)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as without us, and be told when it was executed."""
        del path, target
        if fullname != self._name or self._is_looking:
            return None
        self._is_looking = True
        try:
            found = importlib.util.find_spec(fullname)
        finally:
            self._is_looking = False
        if found is not None and found.loader is not None:
            found.loader = _Notifying(found.loader, self)
        return found


class _Notifying(Loader):
    def __init__(self, loader: Any, watch: ImportWatch) -> None:
        self._loader, self._watch = loader, watch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._watch.arrived()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
