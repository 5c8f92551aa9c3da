"""The worker in the sandbox that converts a pickle: load it, write it as data, compare the answers.

This module is imported there and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import InvalidInput, MeguruError
from meguru.flavors.pickled import packed, restricted
from meguru.quarantine.types import (
    ABOUT,
    BASELINE,
    EXAMPLE,
    HOLDOUT,
    MODEL,
    OBJECT,
    RESULT,
    Conversion,
    Evidence,
)

_SHOWN = 10


def work(folder: Path) -> None:
    """Convert ``object`` of a folder into ``model``; leave ``result.json``."""
    try:
        with warnings.catch_warnings(record=True) as noticed:
            warnings.simplefilter("always")
            conversion = _convert(folder)
        said = list(dict.fromkeys(f"{one.category.__name__}: {one.message}"[:300] for one in noticed))
        result: dict[str, Any] = {"conversion": msgspec.structs.replace(conversion, warnings=said[:_SHOWN])}
    except MeguruError as error:
        result = {"error": error.as_dict()}
    (folder / RESULT).write_bytes(msgspec.json.encode(result))


def _convert(folder: Path) -> Conversion:
    from meguru.flavors.bundle_writer import save_bundle
    from meguru.flavors.model import Model

    evidence = msgspec.json.decode((folder / ABOUT).read_bytes(), type=Evidence)
    # Only names on the list of known ones are imported; the sandbox is for what that list overlooks.
    estimator = restricted.load(packed.unpacked(folder / OBJECT, folder / "unpacked"))
    example = _read(folder / EXAMPLE)
    task: dict[str, Any] = {"task": evidence.task} if evidence.task else {}
    model = Model(
        estimator=estimator,
        example=example,
        holdout=_read(folder / HOLDOUT),
        baseline=_read(folder / BASELINE),
        label=evidence.label,
        metrics=evidence.metrics,
        params=evidence.params,
        **task,
    )
    bundle = save_bundle(model, folder / MODEL)
    rows, difference = _compared(estimator, bundle, example)
    return Conversion(tree="", flavor=bundle.flavor, rows=rows, difference=difference)


def _read(path: Path) -> Any:
    import polars as pl

    return pl.read_parquet(path) if path.exists() else None


def _compared(estimator: Any, bundle: Any, example: Any) -> tuple[int, float | None]:
    """Ask the object and the folder the same rows; return how many, and the largest difference."""
    import numpy as np

    from meguru.flavors.columns import select

    rows = select(bundle.signature, example)
    own = _own_answer(estimator, bundle, rows)
    given = np.asarray(bundle.predict(rows), dtype=np.float64)
    if own is None or own.shape != given.shape:
        return rows.height, None
    return rows.height, float(np.max(np.abs(own - given), initial=0.0))


def _own_answer(estimator: Any, bundle: Any, rows: Any) -> Any:
    """Return what the object itself answers; None for one that is not asked as scikit-learn's are."""
    import numpy as np

    from meguru.flavors.columns import matrix_of
    from meguru.flavors.sklearn_tasks import scorer
    from meguru.flavors.trained_frame import TrainedFrame

    if not hasattr(estimator, "get_params"):
        return None
    ask = scorer(estimator, bundle.task)
    forms: list[Callable[[], Any]] = [lambda: TrainedFrame(kind="pandas").of(rows), lambda: rows]
    if bundle.signature.numeric:
        last = len(forms) if hasattr(estimator, "feature_names_in_") else 0
        forms.insert(last, lambda: matrix_of(bundle.signature, rows))
    why = ""
    for form in forms:
        try:
            return np.asarray(ask(form()), dtype=np.float64)
        except Exception as error:  # noqa: BLE001 - it was fitted on another kind of frame
            why = why or f"{type(error).__name__}: {error}"[:300]
    raise InvalidInput("the object does not answer its example", why=why)
