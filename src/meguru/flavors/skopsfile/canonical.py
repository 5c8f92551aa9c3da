"""One spelling for equal models: skops writes memory addresses and the time of day into its files.

The schema is rewritten without addresses (an id stays only where two places share one mutable object, and is
then numbered by first appearance), array files are named by their content, sets are sorted, unused bytes
between the fields of a record are zero, and the zip has fixed dates. Plain skops reads the result.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from typing import Any

import numpy as np

from meguru.base import digests

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHARED = {
    "ConstructorFromReduceNode",
    "DictNode",
    "ListNode",
    "ObjectNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "SetNode",
    "TreeNode",
}


def canonical(data: bytes) -> bytes:
    """Return the one spelling of a skops file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
        files = _Files(archive)
        uses: Counter[int] = Counter()
        _count(schema, uses)
        shared = {mark for mark, count in uses.items() if count > 1}
        rewritten = _rewrite(schema, files, shared, {})
    files.kept["schema.json"] = json.dumps(rewritten, separators=(",", ":")).encode()
    return _zip(files.kept)


class _Files:
    """The array files of an archive under names that come from their content."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.kept: dict[str, bytes] = {}

    def name(self, old: str) -> str:
        content = self.archive.read(old)
        ending = old.rpartition(".")[2]
        if ending == "npy":
            content = _without_gaps(content)
        new = f"{digests.of_bytes(content)[:32]}.{ending}"
        self.kept[new] = content
        return new


def _without_gaps(content: bytes) -> bytes:
    array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    # Padding between the fields of a record holds whatever was in memory: equal trees would be unequal bytes,
    # and leak it.
    clean = np.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, np.lib.format.header_data_from_array_1_0(clean))
    # write_array may copy field by field, and fill the gaps with whatever stood in memory
    return buffer.getvalue() + clean.view(np.uint8).tobytes()


def _mutable(node: dict[str, Any]) -> bool:
    return node.get("__loader__") in _SHARED or (
        node.get("__loader__") == "NdArrayNode" and node["__class__"] == "ndarray"
    )


def _count(value: Any, uses: Counter[int]) -> None:
    if isinstance(value, list):
        for item in value:
            _count(item, uses)
    elif isinstance(value, dict):
        if "__id__" in value and _mutable(value):
            uses[value["__id__"]] += 1
            if uses[value["__id__"]] > 1:
                return
        for item in value.values():
            _count(item, uses)


def _rewrite(value: Any, files: _Files, shared: set[Any], numbers: dict[Any, int]) -> Any:
    if isinstance(value, list):
        return [_rewrite(item, files, shared, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    node = dict(value)
    mark = node.pop("__id__", None) if "__loader__" in node else None
    if isinstance(node.get("file"), str) and "__loader__" in node:
        node["file"] = files.name(node["file"])
    kept = mark in shared and _mutable(node)
    new: dict[str, Any] = {"__id__": numbers.setdefault(mark, len(numbers) + 1)} if kept else {}
    new |= {key: _rewrite(item, files, shared, numbers) for key, item in node.items()}
    if node.get("__loader__") == "SetNode":
        new["content"] = sorted(new["content"], key=json.dumps)
    return new


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()
