"""The check of a skops file before anything of it is built."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from typing import Any

import numpy as np

from meguru.base import digests
from meguru.errors import TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.skopsfile import names, trees

_MEMBER = re.compile(r"[A-Za-z0-9-]{1,80}\.(npy|bin)")
_SCHEMA = "schema.json"
_OLDEST_PROTOCOL = 2
MAX_BYTES = 4 << 30
"""A model file may unpack to this many bytes, no more."""

HINT = (
    "nearly all of scikit-learn can be stored, and XGBoost and LightGBM inside its pipelines; do your own "
    "preprocessing in a pipeline step"
)


def audit(archive: zipfile.ZipFile, where: str = "") -> dict[str, Any]:
    """Check every node of a skops file against our own list; return its schema.

    Raises
    ------
    UnsafeModel
        Naming the types that are not allowed, or what is malformed.
    TooLarge
        When the file unpacks to more than `MAX_BYTES`.

    What is missing or failing here (memory, a library) is no verdict on the file and is raised as it is.
    """
    _check_members(archive, where)
    walk = _Walk(archive, where)
    try:
        schema = json.loads(archive.read(_SCHEMA))
        walk.node(schema)
    except TooLarge:
        raise
    except Exception as error:  # a crafted file makes the parsers raise nearly anything
        if is_our_fault(error):
            raise
        raise malformed(where, f"{type(error).__name__}: {error}") from error
    _check_protocol(schema, where)
    if walk.refused:
        raise _not_allowed(walk.refused, where)
    return dict(schema)


def malformed(where: str, why: str) -> UnsafeModel:
    """Return the error of a file that no honest writer makes."""
    return UnsafeModel("the model file is malformed, so it is not loaded", where=where, why=why[:300])


def _not_allowed(refused: set[str], where: str) -> UnsafeModel:
    shown = ", ".join(sorted(refused)[:8]) + (", …" if len(refused) > 8 else "")
    known = [reason for name in sorted(refused) if (reason := names.REFUSED.get(name.rpartition(".")[2]))]
    unknown = "building an object of an unknown type can run any code; the list is never read from the model"
    return UnsafeModel(
        f"the model holds types that are not on Meguru's list: {shown}",
        where=where,
        why=known[0] if known else unknown,
        hint=HINT,
    )


def _check_members(archive: zipfile.ZipFile, where: str) -> None:
    entries = archive.infolist()
    found = [entry.filename for entry in entries]
    if _SCHEMA not in found:
        raise UnsafeModel(
            "the model file is a zip, but not one that skops wrote",
            where=where,
            why=f"it holds {', '.join(found[:5]) or 'nothing'} and no {_SCHEMA}",
            hint="save the model with meguru.Model",
        )
    strange = [name for name in found if name != _SCHEMA and not _MEMBER.fullmatch(name)]
    if strange or len(set(found)) != len(found):
        raise malformed(where, f"unexpected members: {', '.join(strange[:5]) or 'a name twice'}")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise TooLarge(
            "the model file unpacks to too much", where=where, why=f"{MAX_BYTES:,} bytes are allowed"
        )


def _check_protocol(schema: dict[str, Any], where: str) -> None:
    protocol = schema.get("protocol")
    if type(protocol) is not int or protocol < _OLDEST_PROTOCOL:
        raise malformed(where, f"skops protocol {protocol!r} is not read; {_OLDEST_PROTOCOL} or newer is")


class _Walk:
    """One pass over a schema: which types it names, and whether its native arrays are sound."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self.archive, self.where = archive, where
        self.allowed = names.allowed()
        self.refused: set[str] = set()
        self.seen: dict[Any, dict[str, Any]] = {}
        self.held = 0
        self.digests: dict[str, str] = {}
        self.checked: set[str] = set()

    def node(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self.node(item)
        elif isinstance(value, dict):
            if "__loader__" in value:
                self._typed(value)
            for item in value.values():
                self.node(item)

    def _typed(self, node: dict[str, Any]) -> None:
        loader, name = node["__loader__"], (node["__module__"], node["__class__"])
        if name not in self.allowed.get(loader, frozenset()):
            self.refused.add(".".join(map(str, name)))
            return
        if self._is_first(node):
            self._hold(node)
        if loader == "TreeNode":
            trees.check_tree_node(node, self._array)
        elif loader == "NdArrayNode" and node["type"] == "numpy":
            if node["file"] not in self.checked:  # equal arrays are one file, which is read once
                self._array(node)
            self.checked.add(node["file"])
        elif loader == "PartialNode":
            self._partial(node["content"])
        elif loader == "SliceNode" and not all(
            item is None or isinstance(item, int | str) for item in node["content"].values()
        ):
            raise ValueError("a slice of objects")

    def _partial(self, content: dict[str, Any]) -> None:
        """Allow a partial of scikit-learn's array check only, which boosting with categories holds."""
        called, namespace = content["func"], content["namespace"]
        name = (called["__module__"], called["__class__"])
        if called["__loader__"] != "FunctionNode" or name != names.CHECK_ARRAY:
            self.refused.add("functools.partial of " + ".".join(map(str, name)))
        # Attributes of a partial would be set on it, and may be objects of any kind.
        if namespace["content"] not in ("null", {}):
            raise ValueError("a partial with attributes")

    def _is_first(self, node: dict[str, Any]) -> bool:
        """Say whether an object is met for the first time; refuse another one of the same id.

        The reader builds the first object of an id, and never looks at the second.
        """
        mark = node.get("__id__")
        first = node if mark is None else self.seen.setdefault(mark, node)
        if first is not node and self._content(first) != self._content(node):
            raise ValueError(f"two different objects share the id {mark}")
        return first is node

    def _hold(self, node: dict[str, Any]) -> None:
        """Count what an object takes when it is built; TooLarge beyond `MAX_BYTES`.

        The reader makes an array of its own for each object, also where many name one file: a small archive
        could ask for any amount of memory so, though all that it unpacks to is bounded.
        """
        if isinstance(node.get("file"), str):
            self.held += self.archive.getinfo(node["file"]).file_size
        if self.held > MAX_BYTES:
            why = f"its arrays take more than {MAX_BYTES:,} bytes"
            raise TooLarge("the model file unpacks to too much", where=self.where, why=why)

    def _content(self, value: Any) -> Any:
        """Return a node without ids and file names, which differ between two spellings of one object."""
        if isinstance(value, list):
            return [self._content(item) for item in value]
        if not isinstance(value, dict):
            return value
        plain = {key: self._content(item) for key, item in value.items() if key != "__id__"}
        if "__loader__" in value and "file" in value:
            plain["file"] = self._digest(value["file"])
        return plain

    def _digest(self, file: str) -> str:
        if file not in self.digests:
            self.digests[file] = digests.of_bytes(self.archive.read(file))
        return self.digests[file]

    def _array(self, node: dict[str, Any]) -> np.ndarray[Any, Any]:
        return read_array(self.archive.read(node["file"]))


def read_array(content: bytes) -> np.ndarray[Any, Any]:
    """Read an ``.npy`` file whose header tells the truth about its size; ValueError if not."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in headers:
        raise ValueError(f"an array file of version {version}")
    shape, _, dtype = headers[version](file)
    # NumPy allocates by the header before it reads; and an array of objects is a pickle.
    if math.prod(shape) * dtype.itemsize != len(content) - file.tell() or dtype.hasobject:
        raise ValueError("an array file whose header does not fit its content")
    file.seek(0)
    array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array
