"""Results of statsmodels, stored as parameters; a series is asked how many steps ahead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors import columns, mlmodel, model_files, pickles, statsmodelsfile
from meguru.flavors.base import Matrix, Takes
from meguru.flavors.signature import Signature
from meguru.flavors.statsmodelsfile import LinearModel, SeriesModel, StoredResults
from meguru.flavors.task_resolution import resolve_task
from meguru.tasks import Task, task_of
from meguru.tasks.multiclass import Multiclass
from meguru.tasks.quantile import Quantile

if TYPE_CHECKING:
    import polars as pl

FILE = "model.statsmodels.json"
_PACKAGES = ("numpy", "statsmodels")


class StatsmodelsFlavor:
    """The flavor of fitted results of statsmodels."""

    name = "statsmodels"
    tasks = frozenset({"binary", "forecast", "multiclass", "quantile", "ranking", "regression"})

    def can_save(self, model: Any) -> bool:
        """Say whether it is results of statsmodels."""
        return statsmodelsfile.claims(model)

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task by the kind of model."""
        return resolve_task(said, _found(model))

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the parameters as JSON with the MLmodel file."""
        data = statsmodelsfile.dumps(model)
        _check_columns(statsmodelsfile.loads(data), signature)
        (folder / FILE).write_bytes(data)
        mlmodel.write_environment(folder, _PACKAGES)
        options = {"code": None, "data": FILE, "statsmodels_version": _version()}
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options,
            signature=signature,
            task=task,
            takes="matrix",
            file=FILE,
        )

    def load(self, folder: Path) -> StatsmodelsPredictor:
        """Load the parameters of a folder."""
        pickles.refuse_pickles(folder)
        description = mlmodel.read(folder, [self.name])
        path = model_files.named_file(folder, description.options.get("data", FILE))
        model = statsmodelsfile.loads(model_files.read_bounded(path, statsmodelsfile.MAX_BYTES), str(path))
        _check_columns(model, description.signature)
        task = description.task or _by_kind(model.kind, 0)
        return StatsmodelsPredictor(model, description.signature, task)


class StatsmodelsPredictor:
    """Loaded results."""

    takes: Takes = "matrix"

    def __init__(self, model: StoredResults, signature: Signature, task: Task) -> None:
        self.signature = msgspec.structs.replace(signature, outputs=task.outputs())
        self.task, self._model = task, model

    def predict(self, data: Matrix | pl.DataFrame) -> Matrix:
        """Return the raw answer for rows."""
        rows = columns.estimator_input(self.signature, data, self.takes)
        return np.asarray(self._model.predict(rows), dtype=np.float64)


def _found(results: Any) -> Task:
    kind = type(results.model).__name__
    if kind == "QuantReg":
        return Quantile(levels=(float(results.q),))
    if kind == "GLM":
        two = type(results.model.family).__name__ == "Binomial"
        return task_of("binary" if two else "regression")
    return _by_kind(kind, np.shape(results.params)[-1] if kind == "MNLogit" else 0)


def _by_kind(kind: str, equations: int) -> Task:
    if kind in {"Logit", "Probit"}:
        return task_of("binary")
    if kind == "MNLogit":
        return Multiclass(classes=tuple(range(equations + 1)))
    return task_of("forecast" if kind in {"ARIMA", "ETSModel", "SARIMAX"} else "regression")


def _check_columns(model: StoredResults, signature: Signature) -> None:
    """Check that rows bring a column for each parameter; the constant need not be one."""
    if isinstance(model, SeriesModel):
        if len(signature.inputs) != 1 or not signature.numeric:
            raise InvalidInput(
                "a series takes one column: how many steps ahead",
                field="example",
                hint="Model(estimator=results, example={'step': [1, 2, 3]}, …)",
            )
        return
    _check_linear(model, signature)


def _check_linear(model: LinearModel, signature: Signature) -> None:
    without = tuple(name for name in model.names if name != "const")
    allowed = {tuple(model.names), without}
    is_numbered = without == tuple(f"x{place + 1}" for place in range(len(without)))
    counts = {len(names) for names in allowed}
    fits = len(signature.names) in counts if is_numbered else signature.names in allowed
    if not fits or not signature.numeric:
        raise InvalidInput(
            "the example has other columns than the model has parameters",
            field="example",
            why=f"the model has {', '.join(model.names[:8])}; the example {', '.join(signature.names[:8])}",
            hint="pass numbers in the same order; the constant may be left out",
        )


def _version() -> str:
    from importlib.metadata import version

    return version("statsmodels")
