"""`meguru.load`: a registered model inside an application, without a server of its own."""

from __future__ import annotations

from pathlib import Path

from meguru.app import calls
from meguru.app.open import open_workspace
from meguru.errors import DigestMismatch
from meguru.flavors import mlmodel
from meguru.flavors.bundle import load_bundle
from meguru.registry import pins
from meguru.registry.cache import fetch_model
from meguru.registry.embedded import EmbeddedModel
from meguru.registry.pins import PinnedModel
from meguru.registry.verified import check_verified


def load(ref: str | Path, *, workspace: str | Path | None = None, digest: str = "") -> EmbeddedModel:
    """Load a version of a model to predict in this process.

    The files are fetched once, checked against their digests each time, and kept in the user's cache. With a
    `digest`, a version that is in the cache is loaded without asking the workspace.

    Parameters
    ----------
    ref
        ``delay``, ``delay@champion``, ``delay@3``; or the path of a model's folder.
    workspace
        Default: ``MEGURU_WORKSPACE``, else the project's.
    digest
        What predicts must have this digest (at least its first 12 digits): `EmbeddedModel.digest`.

    Raises
    ------
    DigestMismatch
        When the version has another digest than the pinned one.
    UnsafeModel
        When the version is not verified, or loading it could run foreign code.

    Examples
    --------
    >>> model = load("delay@champion", digest="5d0e9a1f33c2")  # doctest: +SKIP
    >>> model.check({"hour": int, "wind": float})  # doctest: +SKIP
    >>> model.predict([{"hour": 7, "wind": 11.5}])  # doctest: +SKIP
    array([0.31])
    """
    pins.check_pin(digest)
    if isinstance(ref, Path) or (Path(ref) / mlmodel.FILE).is_file():
        model = pins.of_folder(Path(ref))
    else:
        model = pins.find(digest) or _fetched(ref, workspace)
    if not model.digest.startswith(digest):
        raise DigestMismatch(
            f"{model.ref or model.folder} is not the version that was pinned",
            where=model.ref,
            why=f"its digest is {model.digest[:12]}…, the pin {digest[:12]}…",
            hint="pin the new digest, when its check passes, or load the old version by its number",
        )
    # A folder of files may be anybody's; what is registered was let in by who may let code run.
    bundle = load_bundle(Path(model.folder), code=bool(model.ref))
    return EmbeddedModel(bundle, ref=model.ref, digest=model.digest, metrics=model.metrics)


def _fetched(ref: str, workspace: str | Path | None) -> PinnedModel:
    place = open_workspace(workspace, create=False)
    try:
        version = check_verified(calls.model_show(place, ref=ref))
        folder = fetch_model(place, version.tree_digest)
    finally:
        place.close()
    return pins.keep(folder, ref=version.ref, metrics=version.metrics)
