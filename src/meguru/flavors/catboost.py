"""CatBoost's models in its own JSON, with the values of leaves kept to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import catboostfile
from meguru.flavors.base import Takes
from meguru.flavors.boosted import BoostedFlavor, Score
from meguru.flavors.signature import NUMERIC, Signature
from meguru.flavors.task_resolution import output_names, plain_classes
from meguru.tasks import Task, task_of
from meguru.tasks.multilabel import Multilabel
from meguru.tasks.multioutput import Multioutput
from meguru.tasks.quantile import Quantile

_TWO, _ONE_OF_MANY = {"CrossEntropy", "Logloss"}, {"MultiClass", "MultiClassOneVsAll"}
_LABELS = {"MultiCrossEntropy", "MultiLogloss"}
_RANKING = ("Lambda", "Pair", "Query", "Stochastic", "YetiRank")
_EXPONENT = {"LogLinQuantile", "Poisson", "Tweedie"}


class CatboostFlavor(BoostedFlavor):
    """The flavor of CatBoost's models."""

    name = "catboost"
    tasks = frozenset(
        [
            "binary",
            "forecast",
            "multiclass",
            "multilabel",
            "multioutput",
            "quantile",
            "ranking",
            "regression",
        ]
    )
    file = "model.catboost.json"
    packages = ("catboost", "numpy")
    classes = dict.fromkeys(catboostfile.KINDS, "catboost.core")

    def can_save(self, model: Any) -> bool:
        """Say whether it is one of CatBoost's own models."""
        return catboostfile.claims(model)

    def class_said(self, options: dict[str, Any], folder: Path) -> Any:
        """Return the class; MLflow names it without its module, beside the format of the file."""
        said = options.get("model_type")
        if not isinstance(said, str):
            return super().class_said(options, folder)
        if options.get("save_format") != "json":
            raise UnsafeModel(
                "the model is saved in CatBoost's binary format",
                where=str(folder),
                field="flavors.catboost.save_format",
                why="only its JSON is looked through before CatBoost reads it",
                hint="log it again with format='json'",
            )
        return f"{self.classes.get(said, '')}.{said}"

    def found(self, model: Any) -> Task:
        """Return the task by the loss that the model was trained for."""
        loss, params = catboostfile.loss_of(model)
        if loss in _TWO | _ONE_OF_MANY:
            kind = "binary" if loss in _TWO else "multiclass"
            return task_of({"task": kind, "classes": plain_classes(model.classes_)})
        if loss in _LABELS:
            return Multilabel(classes=tuple(range(_outputs(model))))
        if loss in {"MultiQuantile", "Quantile"}:
            return Quantile(levels=tuple(float(each) for each in str(params.get("alpha", 0.5)).split(",")))
        if loss.startswith(_RANKING):
            return task_of("ranking")
        count = _outputs(model)
        return Multioutput(targets=output_names(count)) if count > 1 else task_of("regression")

    def names(self, model: Any) -> list[str]:
        """Return the names of the columns it was trained on; CatBoost numbers those of a matrix."""
        names = list(model.feature_names_)
        return [] if names == [str(place) for place in range(len(names))] else names

    def width(self, model: Any) -> int:
        """Return how many columns it takes."""
        return len(model.feature_names_)

    def takes(self, model: Any, signature: Signature) -> Takes:
        """Return ``frame`` for a model of categories, which come as texts or whole numbers."""
        places = model.get_cat_feature_indices()
        texts = [column for column in signature.inputs if column.type not in NUMERIC]
        if not places and not texts:
            return "matrix"
        frame = signature.frame
        named = {signature.inputs[place].name for place in places if place < len(signature.inputs)}
        if frame is None or frame.kind != "pandas" or not named >= {column.name for column in texts}:
            raise InvalidInput(
                "the example is no pandas frame, as CatBoost wants for its categories",
                field="example",
                hint="pass the pandas frame that the model was trained on as the example",
            )
        return "frame"

    def written(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the JSON."""
        import catboost

        return catboostfile.dumps(model), {"catboost_version": catboost.__version__}

    def read(self, kind: str, data: bytes, settings: dict[str, Any], where: str) -> Any:
        """Return the model of the class that its file tells, or MLflow beside CatBoost's own JSON."""
        return catboostfile.loads(data, where, kind=kind if "model_type" in settings else "")

    def score(self, model: Any, task: Task) -> Score:
        """Return the call that gives the raw answers, on one thread: a forked worker has no others."""
        loss, _ = catboostfile.loss_of(model)
        wanted = "Exponent" if loss in _EXPONENT else "RawFormulaVal"
        if task.key in {"binary", "multiclass", "multilabel"} and loss in _TWO | _ONE_OF_MANY | _LABELS:
            wanted = "Probability"

        if not hasattr(model, "predict_log_proba") and wanted == "RawFormulaVal":
            return lambda data: model.predict(data, thread_count=1)

        def ask(data: Any) -> Any:
            # CatBoost's own pool of threads is lost in a process that was forked after its first use, and it
            # would wait for it for ever.
            found = model.predict(data, prediction_type=wanted, thread_count=1)
            return found[:, 1] if wanted == "Probability" and loss in _TWO else found

        return ask


def _outputs(model: Any) -> int:
    _, bias = model.get_scale_and_bias()
    return len(bias) if isinstance(bias, list) else 1
