"""One model version behind an endpoint: loaded, warm, and scoring."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import astuple

from meguru.errors import InvalidInput, is_our_fault
from meguru.flavors import ColumnType, Predictor, Signature, lists
from meguru.flavors.bundle import Bundle
from meguru.flavors.rows import decoder
from meguru.predictions import payload
from meguru.predictions.ids import new_batch_id
from meguru.predictions.outputs import ModelAnswer, nothing
from meguru.serving import answers, metrics
from meguru.serving.body import BodyDecoder
from meguru.serving.task_outputs import TaskOutputs
from meguru.tasks import WrongShape

log = logging.getLogger(__name__)


class ModelFailed(Exception):
    """A model raised something instead of scoring rows that fit its signature."""


class Served:
    """What answers for an endpoint now. To change over is to replace it.

    Attributes
    ----------
    accepted
        A row that the model has scored: its example's, else the first that came; None before there is one.
    """

    def __init__(
        self,
        model: Bundle,
        *,
        endpoint: str,
        model_ref: str,
        release_ref: str,
        shadows: Mapping[str, Predictor] | None = None,
        record: bool = True,
        max_rows: int = 10_000,
    ) -> None:
        predictor = model.predictor
        self.endpoint, self.model_ref, self.release_ref = endpoint, model_ref, release_ref
        self.predictor, self.shadows, self.record = predictor, dict(shadows or {}), record
        self.task = predictor.task
        self._outputs = TaskOutputs(self.task)
        self._shadow_outputs = {ref: TaskOutputs(each.task) for ref, each in self.shadows.items()}
        self._example, self._max_rows = model.example.rows, max_rows
        self.accepted: Any = None
        self.signature = predictor.signature
        self.types = {column.name: column.kept_as for column in self.signature.inputs}
        self._decoder = decoder(self.signature)
        self.decode = BodyDecoder(self._decoder, max_rows).decode

    def answer(self, rows: Sequence[Any]) -> ModelAnswer:
        """Return what the model answers to each row.

        Raises
        ------
        ModelFailed
            When the model raised something, which is its `__cause__`; what else is raised is a fault of ours.
        """
        data = self._input(rows)
        try:
            found = self._outputs.answer(self.predictor.predict(data), len(rows))
        except Exception as error:
            raise ModelFailed from error
        if self.accepted is None:
            self.accepted = rows[0]
        return found

    def shadow_answers(self, rows: Sequence[Any]) -> dict[str, ModelAnswer]:
        """Return what each shadow makes of the rows; nulls where one fails, which harms nobody."""
        found: dict[str, ModelAnswer] = {}
        for ref, shadow in self.shadows.items():
            outputs = self._shadow_outputs[ref]
            same = shadow.signature.inputs == self.signature.inputs and shadow.takes == self.predictor.takes
            try:
                data = self._input(rows) if same else self._decoder.frame(rows)
                found[ref] = outputs.answer(shadow.predict(data), len(rows))
            except Exception as error:  # noqa: BLE001 - a shadow must never harm the answer
                metrics.SHADOW_FAILURES.labels(self.endpoint, ref).inc()
                log.warning("shadow %s of endpoint %s could not score: %s", ref, self.endpoint, error)
                found[ref] = nothing(outputs.outputs, len(rows))
        return found

    def columns(self, rows: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Return decoded rows as columns."""
        return dict(zip(self.types, zip(*map(astuple, rows), strict=True), strict=True))

    def rows(self, columns: Iterable[Sequence[Any]]) -> Iterator[Any]:
        """Return columns in the order of the signature as decoded rows."""
        return (self._decoder.row_type(*values) for values in zip(*columns, strict=True))

    def rehearse(self) -> None:
        """Answer the model's example as a request: decode, score, write down, put into the answer's shape.

        No request pays then for what is only done once, and what can't be answered shows before anybody asks.
        """
        example = self._example[: self._max_rows] or [_neutral(self.signature)]
        rows = self.decode(msgspec.json.encode({"rows": example})).rows
        try:
            answer = self.answer(rows)
        except ModelFailed as failed:
            cause = failed.__cause__ or failed
            if is_our_fault(cause):
                raise cause from None
            if self.has_example or isinstance(cause, WrongShape):
                why = str(cause) if isinstance(cause, WrongShape) else f"{type(cause).__name__}: {cause}"
                raise InvalidInput(f"{self.model_ref} can't be served", why=why[:300]) from cause
            return  # a made-up row means nothing to the model, and its failure nothing about it
        shadows = self.shadow_answers(rows)
        batch_id = None
        if self.record:
            now, batch_id = datetime.now(UTC), new_batch_id()
            columns = self.columns(rows)
            payload.pack(payload.make(self.types, columns, answer, [now] * len(rows), shadows))
        answers.predictions(batch_id, answer, self.model_ref, self.release_ref)

    @property
    def has_example(self) -> bool:
        """Whether the model brought rows to be asked."""
        return bool(self._example)

    def _input(self, rows: Sequence[Any]) -> Any:
        return self._decoder.matrix(rows) if self.predictor.takes == "matrix" else self._decoder.frame(rows)


def rehearsed(
    model: Bundle,
    *,
    endpoint: str,
    model_ref: str,
    release_ref: str = "",
    shadows: Mapping[str, Predictor] | None = None,
    record: bool = True,
    max_rows: int = 10_000,
) -> Served:
    """Return a model version as an endpoint answers with it, after it answered its example.

    The servers and the gate ``loads`` both ask this, so that what passes is what can be served.

    Raises
    ------
    InvalidInput
        When no endpoint can answer with such a model, and why.
    """
    served = Served(
        model,
        endpoint=endpoint,
        model_ref=model_ref,
        release_ref=release_ref,
        shadows=shadows,
        record=record,
        max_rows=max_rows,
    )
    served.rehearse()
    return served


def _neutral(signature: Signature) -> dict[str, Any]:
    """Return a row of nulls where they are allowed, and else of zeros."""
    zeros: dict[ColumnType, Any] = {
        ColumnType.BOOLEAN: False,
        ColumnType.LONG: 0,
        ColumnType.DOUBLE: 0.0,
        ColumnType.STRING: "",
        ColumnType.DATETIME: "1970-01-01T00:00:00Z",
    }
    return {
        column.name: None if column.nullable else lists.filled(column.shape, zeros[column.type])
        for column in signature.inputs
    }
