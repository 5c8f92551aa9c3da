"""Import what loading a model takes, before the first model is there to be waited for."""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module

from meguru.errors import MissingDependency

HEAVY = ("sklearn.ensemble", "sklearn.pipeline")
_importing = threading.Lock()


def warm_up() -> None:
    """Import the heavy libraries that are installed; takes seconds the first time.

    Threads that import one library at the same time can be handed it half made, so a server does this before
    it starts the threads that load models.
    """
    from meguru.flavors.skopsfile import names
    from meguru.flavors.skopsfile.library import skops_io

    with _importing, contextlib.suppress(ModuleNotFoundError, MissingDependency):
        skops_io()
        for module in HEAVY:
            import_module(module)
        names.trusted()
