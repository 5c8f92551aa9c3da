"""Hand over a model that was trained anywhere: a file or a folder, with rows to ask it.

What is data is opened where the file is, stored with its evidence, and registered. A pickle is opened by
nobody: its bytes go into quarantine.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.artifacts import trees
from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import FLAVORS, mlmodel
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.quarantine import formats
from meguru.quarantine.add import add
from meguru.quarantine.types import BASELINE, EXAMPLE, HOLDOUT, OBJECT, Evidence, QuarantinedModel
from meguru.registry.register import register
from meguru.registry.types import ModelVersion

if TYPE_CHECKING:
    import polars as pl

_ROWS = 1000


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a model that is handed over; the paths lead to rows in CSV, Parquet or JSON."""

    task: str = ""
    label: str = ""
    example: Path | None = None
    holdout: Path | None = None
    baseline: Path | None = None
    note: str = ""


def hand_over(ws: Any, name: str, path: Path, said: Handed) -> ModelVersion | QuarantinedModel:
    """Register a model file or folder as the next version of `name`, or put it into quarantine.

    Raises
    ------
    InvalidInput
        When it is of no format that is known, or rows to ask it are missing or do not fit.
    UnsafeModel
        When it is data, and holds what is not safe to load.
    """
    if path.is_dir():
        return _folder(ws, name, path, said)
    # By its content before its name: no library may open what would run code.
    if formats.is_pickle(path):
        return _quarantined(ws, name, path, said)
    return _stored(ws, name, formats.opened(path), said, where=path.name)


def read_rows(path: Path) -> pl.DataFrame:
    """Return the rows of a CSV, Parquet or JSON file (an array of objects, or one object a line)."""
    import polars as pl

    readers = {
        ".csv": lambda: pl.read_csv(path, try_parse_dates=True, infer_schema_length=None),
        ".parquet": lambda: pl.read_parquet(path),
        ".json": lambda: pl.read_json(path, infer_schema_length=None),
        ".jsonl": lambda: pl.read_ndjson(path),
        ".ndjson": lambda: pl.read_ndjson(path),
    }
    read = readers.get(path.suffix.lower())
    if read is None:
        known = ", ".join(readers)
        raise InvalidInput(
            f"{path.name} holds no rows that can be read", where=str(path), why=f"known: {known}"
        )
    try:
        return read()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise InvalidInput(f"{path.name} can't be read", where=str(path), why=str(error)[:300]) from error


def put_rows(ws: Any, path: Path | None) -> str:
    """Store rows as Parquet; return the digest, empty for no rows."""
    if path is None:
        return ""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "rows.parquet"
        read_rows(path).write_parquet(target, compression="zstd")
        return str(ws.blobs.put_file(target))


def _folder(ws: Any, name: str, path: Path, said: Handed) -> ModelVersion | QuarantinedModel:
    try:
        described = mlmodel.read(path, FLAVORS.names())
    except UnsafeModel:
        return _quarantined(ws, name, _pickle_of(path), said)
    del described
    if said.example is None and said.holdout is None and not said.task:
        tree = trees.put_folder(ws.blobs, path)
        return register(ws, name=name, tree=tree, note=said.note)
    predictor = load_bundle(path).predictor
    return _stored(ws, name, getattr(predictor, "estimator", predictor), said, where=path.name)


def _pickle_of(folder: Path) -> Path:
    """Return the pickle of a folder that MLflow wrote."""
    found = sorted(file for file in folder.iterdir() if file.is_file() and formats.is_pickle(file))
    if len(found) != 1:
        raise InvalidInput(
            f"{folder.name} holds {len(found)} pickles",
            where=str(folder),
            why="one is wanted: the estimator",
            hint="hand over the file itself: meguru model add NAME FOLDER/model.pkl",
        )
    return found[0]


def _stored(ws: Any, name: str, estimator: Any, said: Handed, *, where: str) -> ModelVersion:
    if said.example is None and said.holdout is None:
        hint = f"meguru model add {name} {where} --example rows.csv"
        raise InvalidInput(
            "rows to ask the model are missing", why="they tell its columns and types", hint=hint
        )
    holdout = None if said.holdout is None else read_rows(said.holdout)
    example = holdout if said.example is None else read_rows(said.example)
    task: dict[str, Any] = {"task": said.task} if said.task else {}
    model = Model(
        estimator=estimator,
        example=example.head(_ROWS) if example is not None else None,
        holdout=holdout,
        label=said.label,
        baseline=None if said.baseline is None else read_rows(said.baseline),
        **task,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        save_bundle(model, folder)
        tree = trees.put_folder(ws.blobs, folder)
    return register(ws, name=name, tree=tree, note=said.note)


def _quarantined(ws: Any, name: str, path: Path, said: Handed) -> QuarantinedModel:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "kept"
        folder.mkdir()
        shutil.copyfile(path, folder / OBJECT)
        for file, rows in ((EXAMPLE, said.example), (HOLDOUT, said.holdout), (BASELINE, said.baseline)):
            if rows is not None:
                read_rows(rows).write_parquet(folder / file, compression="zstd")
        if said.example is None and said.holdout is not None:
            read_rows(said.holdout).head(_ROWS).write_parquet(folder / EXAMPLE, compression="zstd")
        tree = trees.put_folder(ws.blobs, folder)
    evidence = Evidence(task=said.task, label=said.label)
    return add(ws, model=name, tree=tree, file=path.name, evidence=evidence, note=said.note)
