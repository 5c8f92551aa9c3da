"""Save a model as a folder, with its evidence measured from what was stored."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import FLAVORS, plain_answers
from meguru.flavors.base import Flavor, Predictor
from meguru.flavors.bundle import BASELINE, EVALUATION, EXAMPLE, HOLDOUT, Bundle, Example, ask_predictor
from meguru.flavors.evaluation import columns_of, evaluate
from meguru.flavors.frames import as_frame
from meguru.flavors.model import Model
from meguru.flavors.outcome_baseline import outcome_baseline
from meguru.flavors.signature import Signature, infer
from meguru.flavors.task_support import check_supported
from meguru.flavors.trained_frame import trained_frame
from meguru.tasks import Task, WrongShape, output_column, task_of

if TYPE_CHECKING:
    import polars as pl

_EXAMPLE_ROWS = 20
_CODE = "function"
"""The flavor of what can't be data; the others are asked first."""


def save_bundle(model: Model, folder: Path) -> Bundle:
    """Write a model and its evidence into a new or empty folder.

    Raises
    ------
    UnsafeModel
        When a part of the estimator can't be stored without pickle, naming it.
    InvalidInput
        When example, holdout, baseline and estimator do not fit each other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InvalidInput("the model's folder is not empty", where=str(folder))
    flavor = _flavor_of(model.estimator)
    said = None if model.task is None else task_of(model.task)
    if said:
        check_supported(flavor, said)
    task = flavor.task(model.estimator, said)
    check_supported(flavor, task)
    example = _features(model.example, model.label, "example").head(_EXAMPLE_ROWS)
    baseline = example if model.baseline is None else _features(model.baseline, model.label, "baseline")
    takes_missing = bool(getattr(flavor, "takes_missing", False))
    signature = _signature(model, example, baseline, task, takes_missing=takes_missing)
    flavor = _saved(flavor, model.estimator, folder, signature, task)
    # Evidence is measured with what was stored, loaded again, not with the object in memory: they are not
    # always the same.
    predictor = flavor.load(folder)
    _write(folder / EXAMPLE, _example(predictor, example))
    holdout = None if model.holdout is None else _holdout(model, signature)
    if holdout is not None:
        holdout.write_parquet(folder / HOLDOUT, compression="zstd")
    profile = _baseline(predictor, baseline)
    evaluation, rows = evaluate(predictor, holdout, model)
    _write(folder / BASELINE, profile | outcome_baseline(task, rows, holdout, signature.names))
    _write(folder / EVALUATION, evaluation)
    bundle = Bundle(folder, flavor.name, predictor)
    bundle.check()
    return bundle


def _saved(flavor: Flavor, estimator: Any, folder: Path, signature: Signature, task: Task) -> Flavor:
    """Save an estimator, as code if it holds code of the project and can't be data; return its flavor."""
    try:
        flavor.save(estimator, folder, signature=signature, task=task)
    except UnsafeModel:
        as_code: Flavor = FLAVORS.load(_CODE)()
        if flavor.name == _CODE or not as_code.can_save(estimator):
            raise
        # What the first flavor left behind would be taken for files of the second.
        shutil.rmtree(folder)
        folder.mkdir()
        as_code.save(estimator, folder, signature=signature, task=task)
        return as_code
    return flavor


def _flavor_of(estimator: Any) -> Flavor:
    # Code last: what can be data is stored as data.
    for name in sorted(FLAVORS.names(), key=lambda name: name == _CODE):
        flavor: Flavor = FLAVORS.load(name)()
        if flavor.can_save(estimator):
            return flavor
    raise InvalidInput(
        f"no flavor can store a {type(estimator).__module__}.{type(estimator).__qualname__}",
        field="estimator",
        hint=f"known flavors: {', '.join(FLAVORS.names())}; or keep it as it is, in a process of its own: "
        "Model(estimator=FunctionModel(target=estimator), …)",
    )


def _features(data: Any, label: str, where: str) -> pl.DataFrame:
    frame = as_frame(data)
    if not frame.height:
        raise InvalidInput(f"the {where} has no rows", field=where)
    return frame.drop(label) if label in frame.columns else frame


def _signature(
    model: Model, example: pl.DataFrame, baseline: pl.DataFrame, task: Task, *, takes_missing: bool
) -> Signature:
    from meguru.flavors.columns import pick

    nulls = bool(getattr(_input_tags(model.estimator), "allow_nan", takes_missing))
    inputs = infer(pick(baseline, example.columns, "baseline"), nulls_allowed=nulls)
    frame = trained_frame(model.example if model.baseline is None else model.baseline)
    return Signature(inputs=inputs, outputs=task.outputs(), frame=frame or trained_frame(model.example))


def _input_tags(estimator: Any) -> Any:
    tags = getattr(estimator, "__sklearn_tags__", None)
    return tags().input_tags if tags else None


def _example(predictor: Predictor, frame: pl.DataFrame) -> Example:
    from meguru.flavors.columns import select

    typed = select(predictor.signature, frame)
    rows = msgspec.to_builtins(typed.fill_nan(None).to_dicts())
    return Example(
        rows=rows, scores=plain_answers.to_plain(ask_predictor(predictor, typed, "its example", "example"))
    )


def _baseline(predictor: Predictor, frame: pl.DataFrame) -> dict[str, Any]:
    import polars as pl

    from meguru.flavors.columns import select
    from meguru.stats.profile import profile_frame

    typed = select(predictor.signature, frame)
    try:
        answer = predictor.task.answer(predictor.predict(typed), typed.height)
    except WrongShape as error:
        raise InvalidInput(
            f"the estimator does not answer as its task, {predictor.task.key}, says",
            field="task",
            why=str(error),
            hint="leave the task out to have it found, or say another",
        ) from error
    flat = [typed.get_column(column.name) for column in predictor.signature.inputs if not column.shape]
    single = [output.name for output in predictor.task.outputs() if not output.shape and output.type != "any"]
    made = [pl.Series(output_column(name), answer[name]) for name in single]
    return profile_frame(pl.DataFrame([*flat, *made])).to_dict()


def _holdout(model: Model, signature: Signature) -> pl.DataFrame:
    from meguru.flavors.columns import pick

    frame = as_frame(model.holdout)
    if not model.label:
        raise InvalidInput("a holdout needs a label", field="label", hint="Model(…, label='late')")
    # A feature may be a slice too, or what rows hang together by.
    wanted = dict.fromkeys([*signature.names, model.label, *columns_of(model).extra])
    pick(frame, list(wanted), "holdout")
    return frame


def _write(path: Path, value: Any) -> None:
    path.write_bytes(digests.canonical(value))
