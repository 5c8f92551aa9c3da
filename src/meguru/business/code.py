"""The function of a metric that is written in Python, run from a snapshot of its code."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from meguru.artifacts import trees
from meguru.base import digests
from meguru.business.types import BusinessMetric
from meguru.compute.code import SourceFile
from meguru.errors import InvalidInput, MeguruError
from meguru.storage.blobs import BlobStore

_PACKAGE = "__init__"
_MAX_LENGTH = 300


def unpacked_code(blobs: BlobStore, metric: BusinessMetric, folder: Path) -> tuple[str, list[SourceFile]]:
    """Unpack the code of a metric into a folder; return its function, and where its modules are.

    Raises
    ------
    NotFound, IntegrityError
        If it is gone from the store.
    """
    if not metric.python:
        return "", []
    trees.fetch(blobs, metric.code, folder)
    return metric.python, sources_of(blobs, metric.code)


def sources_of(blobs: BlobStore, code: str) -> list[SourceFile]:
    """Return the modules in a snapshot, by their paths."""
    found = []
    for entry in trees.read_tree(blobs, code):
        path = PurePosixPath(entry.path)
        if path.suffix == ".py":
            parts = path.with_suffix("").parts
            package = parts[-1] == _PACKAGE
            module = ".".join(parts[:-1] if package else parts)
            found.append(SourceFile(module=module, path=entry.path, digest=entry.digest, package=package))
    return found


def check_code(blobs: BlobStore, python: str, code: str) -> None:
    """Refuse a function whose snapshot is not there, or does not hold its module.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    module, colon, function = python.partition(":")
    if not (module and colon and function.isidentifier()) or len(python) > _MAX_LENGTH:
        hint = 'python = "metrics.py:delay_cost" in meguru.toml'
        raise InvalidInput(f"{python[:200]!r} is no function", field="python", hint=hint)
    digests.check_digest(code, field="code")
    try:
        known = {file.module for file in sources_of(blobs, code)}
    except MeguruError as error:
        hint = "declare it in meguru.toml, or: meguru business-metric create --python FILE.py:FUNCTION"
        raise InvalidInput(
            "the code of the metric is not here", field="code", why=error.what, hint=hint
        ) from None
    if module not in known:
        raise InvalidInput(f"the code has no module {module[:200]!r}", field="python")
