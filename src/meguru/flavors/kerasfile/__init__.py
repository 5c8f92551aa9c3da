"""Keras files (``.keras``), looked through before Keras sees them."""

from __future__ import annotations

from typing import Any

from meguru.errors import UnsafeModel, is_our_fault
from meguru.flavors.archives import malformed, read_archive
from meguru.flavors.kerasfile import build, config, weights
from meguru.flavors.kerasfile.clean import cleaned

__all__ = ["MAX_BYTES", "cleaned", "loads"]

MAX_BYTES = 4 << 30
FILES = frozenset({"metadata.json", "config.json", "model.weights.h5"})


def loads(data: bytes, where: str = "") -> Any:
    """Return the model of a file, not compiled.

    Raises
    ------
    UnsafeModel
        When it holds layers that are not Keras's own, code (lambda layers), files beside its weights, or
        weights that lead out of the file.
    TooLarge
        When it is beyond all bounds.
    """
    files = read_archive(data, where)
    if set(files) != FILES:
        strange = sorted(set(files) ^ FILES)
        raise UnsafeModel(
            "the file is not one that Keras writes for a model of plain layers",
            where=where,
            why=f"{', '.join(strange[:5])} is missing, or has no business there",
            hint="save it with model.save('model.keras'), without layers that keep files of their own",
        )
    said = config.audit(files["config.json"], where)
    counted = weights.check(files["model.weights.h5"], where)
    try:
        return build.model_of(said, files["model.weights.h5"], counted, where)
    except Exception as error:  # whatever a crafted file makes the library raise
        if is_our_fault(error) or isinstance(error, UnsafeModel | build.Refused):
            raise
        raise malformed(where, f"{type(error).__name__}: {str(error)[:200]}") from error
