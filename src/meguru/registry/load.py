"""Load a registered model."""

from __future__ import annotations

from typing import Any

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
    DigestMismatch
        When its files are not what was registered.
    UnsafeModel
        When loading it could run foreign code, or the version is not verified.
    """
    version = check_verified(show(ws, ref=ref))
    return load_bundle(fetch_model(ws, version.tree_digest))
