"""Load a pickle of known types. Only the sandboxed process that converts models does this, never a server."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from meguru.errors import MeguruError, UnsafeModel, is_our_fault
from meguru.flavors.pickled.allowlist import allowed
from meguru.flavors.pickled.walk import WRAPPER, modern_name

_MAX_ARRAY = 2 << 30


class ArrayWrapper:
    """Stands in for joblib's wrapper, whose own reader unpickles object arrays without any restriction."""


_Plain: Any = vars(pickle)["_Unpickler"]
"""The unpickler that is written in Python, whose instructions can be taken over one by one."""


class RestrictedUnpickler(_Plain):  # type: ignore[misc]
    """Builds nothing but what is on the list of known names, each with its exact module."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(_Plain.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pair names if it is known."""
        module, name = modern_name(module, name)
        if (module, name) == WRAPPER:
            return ArrayWrapper
        # A dotted name would be followed through attributes: numpy.os.system.
        if (module, name) not in allowed() or "." in name:
            raise UnsafeModel(f"the pickle uses {module}.{name}", why="it is not on the list of known types")
        return getattr(import_module(module), name)

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what is kept outside of the pickle."""
        raise UnsafeModel("the pickle refers to something outside of it", why=str(pid)[:100])

    def load_build(self) -> None:
        """Give an object its state; an array of joblib's is read from behind its wrapper."""
        super().load_build()
        if isinstance(self.stack[-1], ArrayWrapper):
            self.stack[-1] = self._array(vars(self.stack[-1]))

    dispatch[pickle.BUILD[0]] = load_build

    def _array(self, said: dict[str, Any]) -> Any:
        dtype, shape = np.dtype(said["dtype"]), tuple(int(n) for n in said["shape"])
        if dtype.hasobject:
            # joblib's own reader would unpickle an array of objects without any restriction.
            return RestrictedUnpickler(_Rest(self)).load()
        if said.get("numpy_array_alignment_bytes") is not None:
            self.read(int.from_bytes(self.read(1), "little"))
        count = int(np.prod(shape, dtype=np.int64))
        if count * dtype.itemsize > _MAX_ARRAY:
            raise UnsafeModel("the pickle holds an array that is too large")
        flat = np.frombuffer(self.read(count * dtype.itemsize), dtype=dtype, count=count).copy()
        return flat.reshape(shape[::-1]).T if said.get("order") == "F" else flat.reshape(shape)


class _Rest:
    """What another unpickler reads on from."""

    def __init__(self, of: RestrictedUnpickler) -> None:
        self.read, self.readline = of._file_read, of._file_readline  # noqa: SLF001


def load(path: Path) -> Any:
    """Load an unpacked pickle, or file of joblib's.

    Raises
    ------
    UnsafeModel
        When it uses a name that is not known, or makes no sense.
    """
    try:
        with path.open("rb") as file:
            return RestrictedUnpickler(file).load()
    except MeguruError:
        raise
    except Exception as error:  # whatever a crafted pickle makes the libraries raise
        if is_our_fault(error):
            raise
        raise UnsafeModel("the pickle can't be loaded", why=f"{type(error).__name__}: {error}") from error
