"""An exported program as it is stored: equal programs are equal files, and no pickle is in them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from meguru.flavors.archives import malformed, read_archive

_EPOCH = (1980, 1, 1, 0, 0, 0)
KEPT = (
    "models/",
    "data/weights/",
    "data/constants/",
    "archive_format",
    "archive_version",
    "byteorder",
    ".data/",
)
_OWN = (".data/serialization_id",)
SAMPLES = "data/sample_inputs/"
"""Example inputs are a pickle; an empty file stands for them, as PyTorch's reader wants one."""


def files_of(data: bytes, where: str = "") -> dict[str, bytes]:
    """Return the files of an archive, without the folder that all of them are in."""
    entries = read_archive(data, where)
    roots = {name.partition("/")[0] for name in entries}
    if len(roots) != 1 or any("/" not in name for name in entries):
        raise malformed(where, "its files are not in one folder")
    return {name.partition("/")[2]: content for name, content in entries.items()}


def cleaned(data: bytes, where: str = "") -> bytes:
    """Return an archive without example inputs, stack traces, guards and whatever else is no data flow."""
    files = files_of(data, where)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            if not name.startswith(KEPT) or name in _OWN:
                continue
            content = _graph(files[name], where) if name.startswith("models/") else files[name]
            archive.writestr(zipfile.ZipInfo("model/" + name, _EPOCH), content)
        archive.writestr(zipfile.ZipInfo(f"model/{SAMPLES}model.pt", _EPOCH), b"")
    return buffer.getvalue()


def _graph(content: bytes, where: str) -> bytes:
    try:
        said: dict[str, Any] = json.loads(content)
        for node in said["graph_module"]["graph"]["nodes"]:
            node["metadata"] = {}
        said["guards_code"] = []
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise malformed(where, f"its graph can't be read ({error})") from error
    return json.dumps(said, sort_keys=True).encode()
