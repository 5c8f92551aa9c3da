"""Found by every Python process that a step starts: it gets the modules that the step itself has.

The folder of this file stands first in the step's ``PYTHONPATH``. Whatever goes wrong here, the process goes
on without; a ``sitecustomize`` that the process would have had is run as well.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs more than all of this


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(f"_meguru_{name}", os.path.join(_HERE, f"{name}.py"))  # noqa: PTH118
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _watch() -> None:
    watch = _load("watch")
    if file := os.environ.get(watch.READS):
        watch.watch_all(watch.FileWatch(watch.libraries(), file, elsewhere=True))
        watch.install()


def _begin() -> None:
    finders = _load("finders")
    if given := os.environ.get(finders.LIBRARIES):
        first, last = finders.libraries(given)
        sys.meta_path.insert(0, first)
        sys.meta_path.append(last)
    if file := os.environ.get(finders.PROJECT):
        finder = finders.project(file)
        # What is started by its file finds what lies beside it; others would look into the working folder.
        if sys.argv[:1] in (["-c"], ["-m"]):
            sys.meta_path.insert(0, finder)
        else:
            sys.meta_path.append(finder)


def _go_on() -> None:
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != _HERE]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    with contextlib.suppress(Exception):
        _begin()
    with contextlib.suppress(Exception):
        _watch()
    _go_on()
