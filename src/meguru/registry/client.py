"""Register a model from where it was trained; works on a local workspace and on a server's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from meguru.artifacts import trees
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.registry.register import register
from meguru.registry.types import ModelVersion


def add_model(
    ws: Any, name: str, model: Model | Path, *, run: str = "", used: list[str] | None = None, note: str = ""
) -> ModelVersion:
    """Upload a `Model` (or a saved model folder) and register it as the next version of `name`."""
    if isinstance(model, Path):
        tree = trees.put_folder(ws.blobs, model)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "model"
            save_bundle(model, folder)
            tree = trees.put_folder(ws.blobs, folder)
    return register(ws, name=name, tree=tree, run=run, used=used or [], note=note)
