"""Vectors that a registered model gives for the files of a dataset, kept with their version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.app.model_inputs import FileInput, input_of
from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.folders.measure.client import measured
from meguru.datasets.folders.measure.types import MAX_DIMENSIONS, VECTOR, FileMeasurement
from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.registry.load import load_model
from meguru.registry.show import show as show_model

if TYPE_CHECKING:
    import polars as pl

    from meguru.datasets.folders.client import FolderDoor
    from meguru.datasets.folders.contents import FileProgress

BATCH = 64


def embed(
    ws: FolderDoor, ref: str, model: str, progress: FileProgress | None = None
) -> FileMeasurement | None:
    """Ask a model for a vector of each file of a version, and keep them with it.

    What the model takes says what it is given: see `model_inputs.input_of`. Files of another kind and
    damaged ones have no vector; those whose content has one are not asked for again.

    Parameters
    ----------
    model
        A version of a registered model (``clip@1``), whose answer is a number or a vector for each row.

    Returns
    -------
    FileMeasurement
        What was kept; None if the caller may not write.

    Raises
    ------
    InvalidInput
        If the model takes something else than files, or answers no vectors.
    """
    version = show_model(ws, ref=model)
    bundle = load_model(ws, version.ref)
    taken = input_of(bundle.signature)

    def measuring(files: FolderFiles, paths: Sequence[str]) -> pl.DataFrame:
        return _vectors(bundle, taken, files, paths, progress)

    vectors, record = measured(ws, ref, version.ref, measuring, taken.kinds)
    if not vectors.height:
        raise InvalidInput(f"no file of {ref} could be read as the model takes it", field="ref")
    return record


def _vectors(
    bundle: Bundle, taken: FileInput, files: FolderFiles, paths: Sequence[str], progress: FileProgress | None
) -> pl.DataFrame:
    import polars as pl

    digest_of = dict(zip(files.index["path"], files.index["digest"], strict=True))
    digests: list[str] = []
    found: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(paths), BATCH):
        given = []
        for path in paths[start : start + BATCH]:
            with files.open(path) as file:
                try:
                    given.append(taken.of(file))
                except InvalidInput:
                    continue  # it is damaged
            digests.append(digest_of[path])
        if given:
            found.append(_answer(bundle, taken, given))
        if progress is not None:
            progress(min(start + BATCH, len(paths)), len(paths))
    if not found:
        return pl.DataFrame(schema={"digest": pl.String})
    vectors = np.concatenate(found)
    array = pl.Series(VECTOR, vectors, dtype=pl.Array(pl.Float32, vectors.shape[1]))
    return pl.DataFrame([pl.Series("digest", digests, dtype=pl.String), array])


def _answer(bundle: Bundle, taken: FileInput, given: list[object]) -> npt.NDArray[np.float32]:
    answer = bundle.ask(taken.together(given), "files of a dataset")
    if isinstance(answer, dict):
        if len(answer) != 1:
            why = f"it answers {', '.join(sorted(answer))}"
            raise InvalidInput("the model gives no vector", why=why, field="model")
        answer = next(iter(answer.values()))
    try:
        vectors = np.asarray(answer, dtype=np.float32).reshape(len(given), -1)
    except (TypeError, ValueError) as error:
        raise InvalidInput("the model gives no vector", why=str(error)[:200], field="model") from error
    if not (0 < vectors.shape[1] <= MAX_DIMENSIONS and np.isfinite(vectors).all()):
        why = f"{vectors.shape[1]:,} numbers a file, or one that is not finite"
        raise InvalidInput("the model gives no vector", why=why, field="model")
    return vectors
