"""A model folder with its evidence: example, holdout, baseline and evaluation beside the model itself.

Equal models give byte-identical folders. All of it is data: nothing in a bundle is run when it is loaded.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.base import digests
from meguru.errors import InvalidInput, MeguruError, MissingDependency, UnsafeModel, is_our_fault
from meguru.flavors import FLAVORS, mlmodel, model_files, pickles, plain_answers
from meguru.flavors.base import Flavor, Predictor
from meguru.flavors.evaluation import Evaluation, columns_of, evaluate
from meguru.flavors.frames import as_frame
from meguru.flavors.model import Model
from meguru.flavors.outcome_baseline import outcome_baseline
from meguru.flavors.rows import decoder
from meguru.flavors.signature import Signature, infer
from meguru.flavors.task_support import check_supported
from meguru.flavors.trained_frame import trained_frame
from meguru.tasks import RawAnswer, Task, WrongShape, output_column, plain, task_of

if TYPE_CHECKING:
    import polars as pl

EXAMPLE, HOLDOUT, BASELINE, EVALUATION = "example.json", "holdout.parquet", "baseline.json", "evaluation.json"
EVIDENCE = frozenset({BASELINE, EVALUATION, EXAMPLE, HOLDOUT})
"""The files that tell of a model, and do not predict."""
_EXAMPLE_ROWS = 20
_MAX_EVIDENCE = 512 << 20
_CODE = "function"
"""The flavor of what can't be data; the others are asked first."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that the model was asked when it was saved, and what it answered."""

    rows: list[dict[str, Any]]
    scores: list[Any] | dict[str, list[Any]]
    """The raw answer: a row each, or (of a generic model) by output."""


class Bundle:
    """A loaded model folder; it is a `Predictor` too."""

    def __init__(self, folder: Path, flavor: str, predictor: Predictor) -> None:
        self.folder, self.flavor, self.predictor = folder, flavor, predictor
        self.signature, self.task, self.takes = predictor.signature, predictor.task, predictor.takes

    @cached_property
    def example(self) -> Example:
        """The rows and answers that were stored with the model; empty when none were."""
        path = self.folder / EXAMPLE
        return _read(path, Example) if path.exists() else Example(rows=[], scores=[])

    @cached_property
    def evaluation(self) -> Evaluation:
        """How the model did on its holdout."""
        path = self.folder / EVALUATION
        return _read(path, Evaluation) if path.exists() else Evaluation(task=plain(self.predictor.task))

    @cached_property
    def baseline(self) -> dict[str, Any]:
        """The profile of the training features and, as ``_score``, of the scores; empty if not stored.

        Under ``outcomes`` is what became of the holdout by score.
        """
        path = self.folder / BASELINE
        return _read(path, dict[str, Any]) if path.exists() else {}

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of its evaluation."""
        return self.evaluation.metrics

    def predict(self, data: Any) -> RawAnswer:
        """Return the raw answer for a frame or of a matrix in signature order; see `Predictor`."""
        return self.predictor.predict(data if isinstance(data, np.ndarray) else as_frame(data))

    def ask(self, data: Any, what: str, *, field: str = "") -> RawAnswer:
        """Return the raw answer for rows that `what` names.

        Raises
        ------
        InvalidInput
            When the model fails on them, which is the model's fault.
        MissingDependency
            When it needs a library that is not installed here, which is not.
        """
        return _ask(self.predictor, data, what, field)

    def holdout(self) -> pl.DataFrame | None:
        """Return the rows the model has not seen, with their label; None when none were stored."""
        import polars as pl

        path = self.folder / HOLDOUT
        if not path.exists():
            return None
        try:
            return pl.read_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise InvalidInput(f"{HOLDOUT} can't be read", where=str(path), why=str(error)[:300]) from error

    def with_answers(self, rows: list[dict[str, Any]]) -> Example:
        """Ask the model some rows, and return them with its answers: an example that it must answer again.

        Raises
        ------
        InvalidInput
            When the rows do not fit its signature, or it fails on them, or does not answer as its task says.
        """
        raw = self._ask_rows(rows)
        try:
            outputs = self.task.answer(raw, len(rows))
        except WrongShape as error:
            what = f"the model does not answer as its task, {self.task.key}, says"
            raise InvalidInput(what, field="task", why=str(error)) from error
        for name, values in outputs.items():
            if getattr(values, "dtype", None) == np.float64 and not np.isfinite(values).all():
                why = f"{name} of its own input example is not finite"
                raise InvalidInput("the model answers what is no number", field="example", why=why)
        return Example(rows=rows, scores=plain_answers.to_plain(raw))

    def _ask_rows(self, given: list[dict[str, Any]]) -> RawAnswer:
        reader = decoder(self.signature)
        rows = reader.convert(given, where="example.rows")
        data = reader.matrix(rows) if self.predictor.takes == "matrix" else reader.frame(rows)
        return self.ask(data, "its own example", field="example")

    def check(self) -> None:
        """Ask the model its example again.

        Raises
        ------
        InvalidInput
            When it fails, or answers other scores than when it was saved.
        """
        if not self.example.rows:
            return
        found = plain_answers.to_plain(self._ask_rows(self.example.rows))
        if not plain_answers.answers_agree(found, self.example.scores):
            first, then = plain_answers.first_rows(found), plain_answers.first_rows(self.example.scores)
            raise InvalidInput(
                "the model answers its example otherwise than when it was saved",
                field="example",
                why=f"the first scores are {first}, and were {then}",
                hint="load it with the library releases in its requirements.txt",
            )


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


def load_bundle(folder: Path, *, code: bool = False) -> Bundle:
    """Load a model folder; of a folder without evidence (as MLflow writes it) only the model.

    With `code` it may be of a flavor that runs code of its author's when it is asked (in a process of its
    own): for what somebody registered who may run code here.

    Raises
    ------
    UnsafeModel
        When anything in the folder could run code, or the model's types are not on our list.
    NotFound, InvalidInput
        When it is no model folder, or a broken one.
    """
    name = checked_flavor(folder)
    flavor: Flavor = FLAVORS.load(name)()
    if runs_code(name) and not code:
        raise UnsafeModel(
            f"a model of the flavor {name} runs code of its author's",
            where=str(folder),
            why="it is loaded only where it was registered by somebody who may run code there",
            hint="register it (meguru model add), or return it from a step of a pipeline",
        )
    return Bundle(folder, name, flavor.load(folder))


def checked_flavor(folder: Path) -> str:
    """Return the flavor of a folder after a look at each file: none may be what loading could run."""
    try:
        name = mlmodel.read(folder, FLAVORS.names()).flavor
    except MeguruError:
        # Also of a folder without a readable MLmodel: that it holds a pickle is the better message.
        pickles.refuse_pickles(folder)
        raise
    pickles.refuse_pickles(folder, but_in=getattr(FLAVORS.load(name), "opaque", ()))
    return name


def runs_code(flavor: str) -> bool:
    """Say whether asking a model of this flavor runs code of its author's, in a process of its own."""
    return bool(getattr(FLAVORS.load(flavor), "runs_code", False))


def predicting_digest(files: Mapping[str, str]) -> str:
    """Return the digest of what predicts, from the digests of a folder's files by path: all but evidence."""
    return digests.of_value({path: digest for path, digest in files.items() if path not in EVIDENCE})


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


def _ask(predictor: Predictor, data: Any, what: str, field: str) -> RawAnswer:
    try:
        return predictor.predict(data)
    except MeguruError:
        raise
    except ImportError as error:
        missing = f"the model needs {error.name or 'a package'}, which is not installed here"
        raise MissingDependency(missing, why=str(error)) from error
    except Exception as error:
        if is_our_fault(error):
            raise
        why = f"{type(error).__name__}: {error}"[:300]
        raise InvalidInput(f"the model fails on {what}", field=field, why=why) from error


def _example(predictor: Predictor, frame: pl.DataFrame) -> Example:
    from meguru.flavors.columns import select

    typed = select(predictor.signature, frame)
    rows = msgspec.to_builtins(typed.fill_nan(None).to_dicts())
    return Example(rows=rows, scores=plain_answers.to_plain(_ask(predictor, typed, "its example", "example")))


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
    single = [each.name for each in predictor.task.outputs() if not each.shape and each.type != "any"]
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


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(model_files.read_bounded(path, _MAX_EVIDENCE), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{path.name} of the model is broken", where=str(path), why=str(error)) from error
