"""One model version behind an endpoint: loaded, warm, and scoring."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import Predictor, Task
from meguru.flavors.bundle import Bundle
from meguru.flavors.rows import decoder
from meguru.serving import metrics
from meguru.serving.body import BodyDecoder
from meguru.serving.types import Deployment

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
        deployment: Deployment,
        model: Bundle,
        *,
        shadows: Mapping[str, Predictor] | None = None,
        record: bool = True,
        max_rows: int = 10_000,
    ) -> None:
        predictor = model.predictor
        if predictor.task is Task.MULTICLASS:
            raise InvalidInput(
                f"{deployment.model_ref} can't be served",
                why="an endpoint answers with one score a row; this model has one for each class",
                hint="train a binary or a regression model",
            )
        self.endpoint = deployment.endpoint
        self.model_ref, self.release_ref = deployment.model_ref, deployment.release_ref
        self.predictor, self.shadows, self.record = predictor, dict(shadows or {}), record
        self._example = model.example.rows
        self.accepted: Any = None
        self.signature = predictor.signature
        self.types = {column.name: column.type.value for column in self.signature.inputs}
        self._decoder = decoder(self.signature)
        self.decode = BodyDecoder(self._decoder, max_rows).decode

    def score(self, rows: Sequence[Any]) -> list[float]:
        """Return the model's score of each row.

        Raises
        ------
        ModelFailed
            When the model raised something, which is its `__cause__`; what else is raised is a fault of ours.
        """
        data = self._input(rows)
        try:
            scores = _checked(self.predictor.predict(data), len(rows))
        except Exception as error:
            raise ModelFailed from error
        if self.accepted is None:
            self.accepted = rows[0]
        return scores

    def shadow_scores(self, rows: Sequence[Any]) -> dict[str, list[float] | list[None]]:
        """Return what each shadow makes of the rows; nulls where one fails, which harms nobody."""
        scores: dict[str, list[float] | list[None]] = {}
        for ref, shadow in self.shadows.items():
            same = shadow.signature == self.signature and shadow.takes == self.predictor.takes
            try:
                data = self._input(rows) if same else self._decoder.frame(rows)
                scores[ref] = _checked(shadow.predict(data), len(rows))
            except Exception as error:  # noqa: BLE001 - a shadow must never harm the answer
                metrics.SHADOW_FAILURES.labels(self.endpoint, ref).inc()
                log.warning("shadow %s of endpoint %s could not score: %s", ref, self.endpoint, error)
                scores[ref] = [None] * len(rows)
        return scores

    def columns(self, rows: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Return decoded rows as columns."""
        return dict(zip(self.types, zip(*map(astuple, rows), strict=True), strict=True))

    def warm_up(self) -> None:
        """Score the model's example, so that no request pays for what is only done once."""
        if self._example:
            rows = self._decoder.convert(self._example, where="example.rows")
            self.score(rows)
            self.shadow_scores(rows)

    def _input(self, rows: Sequence[Any]) -> Any:
        return self._decoder.matrix(rows) if self.predictor.takes == "matrix" else self._decoder.frame(rows)


def _checked(scores: Any, n: int) -> list[float]:
    if scores.shape != (n,):
        message = f"the model gave scores of shape {scores.shape} for {n} rows"
        raise ValueError(message)
    return scores.tolist()  # type: ignore[no-any-return]
