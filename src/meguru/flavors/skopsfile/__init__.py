"""Model files in skops' format, read only after our own check and written the same way every time."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

from meguru.errors import UnsafeModel, is_our_fault
from meguru.flavors.skopsfile import audit, built, names, standins
from meguru.flavors.skopsfile.canonical import canonical
from meguru.flavors.skopsfile.library import skops_io

__all__ = ["MAX_BYTES", "dumps", "loads", "untrusted_types"]

MAX_BYTES = audit.MAX_BYTES


def dumps(model: Any, where: str = "") -> bytes:
    """Write a model; equal models give equal bytes.

    Raises
    ------
    UnsafeModel
        When the model holds a type that could not be loaded again, naming it.
    """
    io_of_skops = skops_io()
    try:
        data = canonical(io_of_skops.dumps(standins.replaced(model)))
    except (TypeError, ValueError, NotImplementedError, AttributeError) as error:
        what = f"a {type(model).__name__} can't be saved without pickle"
        raise UnsafeModel(what, where=where, why=str(error)[:300], hint=audit.HINT) from error
    _audited(data, where)
    return data


def loads(data: bytes, where: str = "") -> Any:
    """Read a model after checking every type and tree in it.

    Raises
    ------
    UnsafeModel
        When the file holds a type that is not on our list, or arrays that would crash a prediction.
    """
    io_of_skops = skops_io()
    # skops trusts many types by itself, and asks about the others; ours is the check that decides, of all of
    # them.
    held = _audited(data, where)
    # skops walks the whole list again at each of its nodes, so it gets only the part that this file needs.
    trusted = [name for name in names.trusted() if name in held]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)  # of another release's file
            model = io_of_skops.loads(data, trusted=trusted)
        built.check(model)
    except UnsafeModel:
        raise
    except Exception as error:  # whatever a crafted file makes the libraries raise
        if is_our_fault(error):
            raise
        raise audit.malformed(where, f"{type(error).__name__}: {error}") from error
    return model


def _audited(data: bytes, where: str) -> set[str]:
    """Check a file against our list; return the names of the types it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            schema = audit.audit(archive, where)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise audit.malformed(where, str(error)) from error
    found: set[str] = set()
    todo: list[Any] = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "__class__" in node:
                found.add(f"{node.get('__module__')}.{node['__class__']}")
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return found


def untrusted_types(data: bytes) -> list[str]:
    """Return the types of a file that plain skops asks its caller to trust; MLflow wants them in MLmodel."""
    return sorted(skops_io().get_untrusted_types(data=data))
