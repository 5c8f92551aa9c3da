"""What can be said of a model folder: read off its files, and (if asked) proved by loading it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from meguru.artifacts import trees
from meguru.base import digests
from meguru.errors import InvalidInput, MeguruError, NotFound, TooLarge
from meguru.flavors import FLAVORS, Signature, bundle, mlmodel
from meguru.flavors.evaluation import Evaluation
from meguru.flavors.input_example import InputExample
from meguru.kernel.workspace import Workspace
from meguru.registry.cache import fetch_model
from meguru.registry.loading import loading_turn
from meguru.tasks import Task, task_of

MAX_BYTES, MAX_FILES = 8 << 30, 10_000
"""Of the largest model that is loaded."""


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry keeps of a model folder."""

    tree: str
    digest: str
    size: int
    flavor: str
    task: Task
    signature: Signature
    evaluation: Evaluation
    baseline_digest: str
    holdout_digest: str


def facts_of(ws: Workspace, tree: str, *, load: bool, code: bool = False) -> ModelFacts:
    """Return the facts of a model folder in the blob store.

    Parameters
    ----------
    ws
        The workspace.
    tree
        The digest of the folder's tree.
    load
        Load the model and ask it its example. Takes a second or more: not within a transaction.
    code
        Whether it may be of a flavor that runs code of its author's then.

    Raises
    ------
    NotFound
        When the tree, or a blob of it, is not in the store.
    UnsafeModel, InvalidInput
        When the folder holds a pickle or is no model, or the model does not answer its own example.
    """
    digests.check_digest(tree, field="tree")
    _check_size(trees.read_tree(ws.blobs, tree))
    folder = fetch_model(ws, tree)
    try:
        return _read(ws, folder, tree, load=load, code=code)
    except MeguruError as error:
        error.where = error.where.replace(str(folder), "model").replace(folder.name, "model")
        raise


def _read(ws: Workspace, folder: Path, tree: str, *, load: bool, code: bool) -> ModelFacts:
    entries = trees.read_tree(ws.blobs, tree)
    bundle.checked_flavor(folder)
    description = mlmodel.read(folder, FLAVORS.names())
    evaluation = _evaluation(folder)
    task = description.task or task_of(evaluation.task)
    if not description.signature.inputs:
        raise InvalidInput(
            "the model has no signature",
            field="signature",
            why="without it nobody knows which columns to send",
            hint="save it with meguru.Model, or in MLflow with input_example=… or signature=…",
        )
    if load:
        with loading_turn():
            loaded = bundle.load_bundle(folder, code=code)
            loaded.check()
            task = loaded.task
            if description.example is not None and not loaded.example.rows:
                entries = [*entries, _answered(ws, loaded, description.example)]
                tree = trees.put_entries(ws.blobs, entries)
    files = {entry.path: entry.digest for entry in entries}
    return ModelFacts(
        tree=tree,
        digest=bundle.predicting_digest(files),
        size=sum(entry.size for entry in entries),
        flavor=description.flavor,
        task=task,
        signature=msgspec.structs.replace(description.signature, outputs=task.outputs()),
        evaluation=evaluation,
        baseline_digest=files.get(bundle.BASELINE, ""),
        holdout_digest=files.get(bundle.HOLDOUT, ""),
    )


def _answered(ws: Workspace, loaded: bundle.Bundle, example: InputExample) -> trees.TreeEntry:
    """Ask a model of MLflow its input example, and keep the answers: an example like those of our own."""
    data = digests.canonical(loaded.with_answers(example.named(loaded.signature.names)))
    return trees.TreeEntry(path=bundle.EXAMPLE, digest=ws.blobs.put_bytes(data), size=len(data))


def _check_size(entries: Sequence[trees.TreeEntry]) -> None:
    size = sum(entry.size for entry in entries)
    if size > MAX_BYTES or len(entries) > MAX_FILES:
        raise TooLarge(
            f"a model of {len(entries):,} files and {size:,} bytes is not loaded",
            why=f"up to {MAX_FILES:,} files and {MAX_BYTES:,} bytes are",
            hint="keep what is no part of the model (data, checkpoints) beside it, as artifacts of its run",
        )


def _evaluation(folder: Path) -> Evaluation:
    path = folder / bundle.EVALUATION
    if not path.exists():
        return Evaluation(task="binary")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Evaluation)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} of the model is broken", where=str(path), why=str(error)) from error


def check_tree(ws: Workspace, tree: str) -> str:
    """Return the digest of a tree that is in the store; NotFound says how it gets there."""
    digests.check_digest(tree, field="tree")
    if not ws.blobs.has(tree):
        raise NotFound(
            f"there is no model folder {tree[:12]}…",
            where=tree,
            why="its tree is not in the store",
            hint="upload the folder first, or use meguru.registry.client.add_model",
        )
    return tree
