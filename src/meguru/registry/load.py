"""Load a registered model."""

from __future__ import annotations

from typing import Any

from meguru.errors import IntegrityError, NotFound
from meguru.flavors.bundle import Bundle, load_bundle
from meguru.registry.cache import fetch_model
from meguru.registry.show import show
from meguru.registry.verified import check_verified


def load_model(ws: Any, ref: str) -> Bundle:
    """Load a version of a model: ``delay``, ``delay@champion`` or ``model/delay@3``.

    The files are checked against their digests, and the types in them against our list, each time. The result
    predicts, and gives the model's evidence: holdout, baseline, evaluation and example.

    Raises
    ------
    NotFound
        When there is no such version.
    IntegrityError
        When its files are gone from the store, or are not what was registered.
    UnsafeModel
        When loading it could run foreign code, or the version is not verified.
    """
    version = check_verified(show(ws, ref=ref))
    try:
        folder = fetch_model(ws, version.tree_digest)
    except NotFound as error:
        lost = f"files of {version.ref} are gone from the store"
        raise IntegrityError(lost, where=version.ref, why=error.what, hint="meguru doctor") from error
    return load_bundle(folder, code=True)
