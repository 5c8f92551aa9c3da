"""Switch autologging on and off."""

from __future__ import annotations

import threading
from importlib import import_module

from meguru.app.autolog.imports import ImportWatch
from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings
from meguru.errors import NotFound

LIBRARIES = {
    "keras": ("keras", "meguru.app.autolog.keras"),
    "lightgbm": ("lightgbm", "meguru.app.autolog.lightgbm"),
    "lightning": ("lightning.pytorch", "meguru.app.autolog.lightning"),
    "pytorch_lightning": ("pytorch_lightning", "meguru.app.autolog.lightning"),
    "sklearn": ("sklearn", "meguru.app.autolog.sklearn"),
    "xgboost": ("xgboost", "meguru.app.autolog.xgboost"),
}
"""By name: the module that is waited for, and ours: ``patch(patches, settings, module)`` follows it."""

_lock = threading.Lock()
_active: dict[str, tuple[Patches, ImportWatch]] = {}


def autolog(*libraries: str, register: str = "", models: bool = True, off: bool = False) -> None:
    """Track what libraries train from here on: params, curves while they train, and the model.

    A training goes to the run that is open where it begins; without one it is a run of its own. In a step of
    a pipeline only curves are kept: what the step returns is its model. A library that is imported later is
    followed then. What can't be tracked is told as a warning, and the training goes on; `off` gives every
    library back as it was. Calling it again changes the settings. Safe to call from several threads.

    Parameters
    ----------
    libraries
        Of ``sklearn``, ``xgboost``, ``lightgbm``, ``lightning``, ``pytorch_lightning``, ``keras``; default:
        all.
    register
        Register each trained model as the next version of this name; else it is kept with its run alone.
    models
        Whether models are kept.
    off
        Follow these libraries no more.

    Raises
    ------
    NotFound
        When there is no such library here.

    Examples
    --------
    >>> autolog("sklearn", register="delay")  # doctest: +SKIP
    """
    for name in libraries:
        if name not in LIBRARIES:
            raise NotFound.of("library for autologging", name, list(LIBRARIES))
    with _lock:
        for name in libraries or LIBRARIES:
            if (before := _active.pop(name, None)) is not None:
                patches, watch = before
                watch.end()
                patches.restore()
            if not off:
                _active[name] = _follow(name, AutologSettings(register=register, models=models))


def _follow(name: str, settings: AutologSettings) -> tuple[Patches, ImportWatch]:
    awaited, ours = LIBRARIES[name]
    patches = Patches()
    watch = ImportWatch(awaited, lambda: import_module(ours).patch(patches, settings, import_module(awaited)))
    watch.begin()
    return patches, watch
