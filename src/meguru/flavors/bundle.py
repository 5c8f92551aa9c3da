"""A model folder with its evidence: example, holdout, baseline and evaluation beside the model itself.

Equal models give byte-identical folders. All of it is data: nothing in a bundle is run when it is loaded.
"""

from __future__ import annotations

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
from meguru.flavors.evaluation import Evaluation
from meguru.flavors.frames import as_frame
from meguru.flavors.rows import decoder
from meguru.tasks import RawAnswer, WrongShape, plain

if TYPE_CHECKING:
    import polars as pl

EXAMPLE, HOLDOUT, BASELINE, EVALUATION = "example.json", "holdout.parquet", "baseline.json", "evaluation.json"
EVIDENCE = frozenset({BASELINE, EVALUATION, EXAMPLE, HOLDOUT})
"""The files that tell of a model, and do not predict."""
_MAX_EVIDENCE = 512 << 20


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
        return ask_predictor(self.predictor, data, what, field)

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


def ask_predictor(predictor: Predictor, data: Any, what: str, field: str) -> RawAnswer:
    """Return a predictor's raw answer for rows that `what` names; raises as `Bundle.ask`."""
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


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(model_files.read_bounded(path, _MAX_EVIDENCE), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{path.name} of the model is broken", where=str(path), why=str(error)) from error
