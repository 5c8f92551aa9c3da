"""Collect the code that a model needs: the modules of its function or types, with their imports."""

from __future__ import annotations

import inspect
import os
import pickle
import platform
import shutil
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from meguru.compute.code import ProjectSources, code_of
from meguru.compute.code.source_files import is_library
from meguru.errors import InvalidInput, NotFound
from meguru.flavors.pickled.listing import listed
from meguru.modelhost import manifest, row_forms
from meguru.modelhost.function_model import FunctionModel
from meguru.modelhost.manifest import FunctionManifest

LOCK = "MEGURU_STEP_LOCK"
"""Names the lock file of the environment that a step runs in."""
MAX_STATE = 1 << 30
_MAX_PARTS = 20_000
_HINT = "define it at the top of a module of the project"


def own_types(model: Any) -> set[str]:
    """Return the modules of the project whose classes and functions an object holds, itself included."""
    found: set[str] = set()
    for part in _parts(model):
        kind = part if isinstance(part, types.FunctionType | type) else type(part)
        module = getattr(kind, "__module__", "") or ""
        if is_own(module):
            found.add(module)
    return found


def is_own(module: str) -> bool:
    """Say whether a loaded module is the project's: none of Python, of a package or of Meguru."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if module == "__main__" or file is None:
        return module == "__main__"
    return module.partition(".")[0] != "meguru" and not is_library(Path(file))


def write(model: FunctionModel, folder: Path) -> FunctionManifest:
    """Write code, state and lock file of a model into its folder; return what describes them.

    Raises
    ------
    InvalidInput
        When the target can't be found again by its name, or its state can't be pickled.
    """
    target = model.target
    kind, module, name, modules = _described(target, folder)
    lock = _write_lock(model.env, folder)
    asked = target.predict if hasattr(target, "predict") else target
    return FunctionManifest(
        kind=kind,
        module=module,
        name=name,
        modules=_write_code(modules, folder),
        main=_stem_of_main() if "__main__" in modules else "",
        arguments=_arguments(model, kind),
        files=bool(model.named_files),
        takes=model.takes or _takes(target, asked),  # type: ignore[arg-type]
        lock=lock,
        python=".".join(platform.python_version_tuple()[:2]),
    )


def _described(target: Any, folder: Path) -> tuple[Any, str, str, set[str]]:
    """Return the kind of a target, its module and name there, and the modules of the project it needs."""
    if isinstance(target, types.FunctionType | type):
        kind = "class" if isinstance(target, type) else "function"
        module, name = target.__module__, target.__qualname__
        _check_found(target, module, name)
        return kind, _named(module), name, {module}
    modules = _write_state(target, folder)
    module, name = type(target).__module__, type(target).__qualname__
    return "object", _named(module), name, modules


def _check_found(target: Any, module: str, name: str) -> None:
    place: Any = sys.modules.get(module)
    for part in name.split("."):
        place = getattr(place, part, None)
    # A step's decorator leaves an object in the function's place, which has it.
    marked = getattr(place, "function", None)
    if place is not target and marked is not target:
        why = f"nothing leads to {module}.{name}: it is a lambda, a closure or was replaced"
        raise InvalidInput(
            "the function can't be found again by its name", field="estimator", why=why, hint=_HINT
        )


def _write_state(target: Any, folder: Path) -> set[str]:
    """Pickle an object for its host; return the modules of the project that its pickle names."""
    try:
        # The one pickle that is ever written: only the confined host of this model reads it.
        data = pickle.dumps(target, protocol=5)
    except Exception as error:  # pickling runs code of the object's own
        why = f"{type(error).__name__}: {error}"[:300]
        raise InvalidInput(
            "the object's state can't be kept", field="estimator", why=why, hint=_HINT
        ) from error
    if len(data) > MAX_STATE:
        raise InvalidInput("the object's state is too large", field="estimator", why=f"{len(data):,} bytes")
    place = folder / manifest.STATE
    place.mkdir()
    (place / manifest.STATE_FILE).write_bytes(data)
    names = {name.rpartition(".")[0] for name in listed(data).imports}
    return {name for name in names if is_own(name)} | own_types(target)


def _write_code(modules: Iterable[str], folder: Path) -> dict[str, str]:
    """Copy the modules with all of the project that they import; return each one's file."""
    place, written = folder / manifest.CODE, dict[str, str]()
    for name in sorted(modules):
        file = _file_of(name)
        if file is None:
            continue
        project = ProjectSources(file)
        for reached in project.modules():
            code_of_module(project, reached)
        for module in project.modules().values():
            written[module.source.module] = module.source.path
            _copy(module.path, place / module.source.path)
        for data in project.data:
            _copy(project.root / data, place / data)
    return written


def code_of_module(project: ProjectSources, module: str) -> None:
    """Follow all of a module, so that the files of the project that it names are known to the project."""
    found = project.module(module)
    for name in found.bindings if found else ():
        code_of(project, f"{module}:{name}")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None and module == "__main__":
        hint = "put the code into a file beside the notebook, and import it"
        raise InvalidInput("the code is in no file", field="estimator", why="it was typed in", hint=hint)
    return None if file is None or not file.endswith(".py") else Path(file)


def _named(module: str) -> str:
    return _stem_of_main() if module == "__main__" else module


def _stem_of_main() -> str:
    file = _file_of("__main__")
    return file.stem if file else "__main__"


def _arguments(model: FunctionModel, kind: str) -> dict[str, Any]:
    if model.arguments and kind != "class":
        raise InvalidInput("only a class is made with arguments", field="arguments")
    try:
        return dict(msgspec.json.decode(msgspec.json.encode(model.arguments)))
    except (TypeError, msgspec.MsgspecError) as error:
        raise InvalidInput("an argument is not JSON", field="arguments", why=str(error)) from error


def _takes(target: Any, asked: Any) -> manifest.RowForm:
    base = sys.modules.get("sklearn.base")
    is_estimator = base is not None and isinstance(target, base.BaseEstimator)
    return "trained" if is_estimator else row_forms.wanted(asked)


def _write_lock(env: str, folder: Path) -> str:
    """Copy the lock file that is meant, and what uv needs beside it; return its name."""
    given = env or os.environ.get(LOCK, "")
    if not given:
        return ""
    path = Path(given)
    if not path.is_file():
        raise NotFound(f"there is no lock file {given!r}", where=given, why="the function is to run in it")
    beside = path.with_name("pyproject.toml")
    for file in (path, *([beside] if path.name == "uv.lock" and beside.is_file() else [])):
        _copy(file, folder / manifest.ENVIRONMENT / file.name)
    return path.name


def _parts(root: Any) -> Iterator[Any]:
    """Go through an object and what it holds, each part once, and not without end."""
    seen: set[int] = set()
    todo = [root]
    # Bounded: an object may hold a graph of millions. Modules that are not met so are found in the pickle's
    # own names.
    while todo and len(seen) < _MAX_PARTS:
        part = todo.pop()
        if id(part) in seen or isinstance(part, str | bytes | int | float | None | types.ModuleType):
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, dict):
            todo.extend(part.values())
        elif isinstance(part, list | tuple | set | frozenset):
            todo.extend(part)
        elif not isinstance(part, type | types.FunctionType) and not inspect.ismodule(part):
            todo.extend(getattr(part, "__dict__", {}).values())
