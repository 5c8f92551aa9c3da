"""One model version behind an endpoint: loaded, warm, and scoring."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.errors import Busy, InvalidInput, NotFound, TimedOut, is_our_fault
from meguru.flavors import Predictor
from meguru.flavors.rows import decoder
from meguru.predictions import payload
from meguru.predictions.ids import new_batch_id
from meguru.predictions.outputs import ModelAnswer, nothing
from meguru.serving import answers, metrics
from meguru.serving.body import RequestRows
from meguru.serving.contracts.types import Contract, ModelInput
from meguru.serving.contracts.view import ContractView, neutral
from meguru.serving.features.enrichment import FeatureInputs
from meguru.serving.features.shadow_inputs import ShadowViews
from meguru.serving.task_outputs import TaskOutputs
from meguru.tasks import WrongShape

if TYPE_CHECKING:
    from meguru.flavors.bundle import Bundle

log = logging.getLogger(__name__)


class ModelFailed(Exception):
    """A model raised something instead of scoring rows that fit its signature."""


class LoadedModel:
    """What answers for an endpoint now. To change over is to replace it.

    Attributes
    ----------
    accepted
        A row that the model has scored: its example's, else the first that came; None before there is one.
    default
        How requests are answered that name no version of the contract.
    mapped
        Whether the model's columns are made of others in some version.
    features
        What gives what clients need not send; None of a model that takes what is sent.
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
        contracts: Sequence[Contract] = (),
        inputs: Sequence[ModelInput] = (),
        features: FeatureInputs | None = None,
        shadow_features: Mapping[str, FeatureInputs] | None = None,
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
        self.inputs, self.contracts = tuple(inputs), {contract.version: contract for contract in contracts}
        self._decoder = decoder(self.signature)
        self.features = features
        self._views = {
            contract.version: ContractView(
                contract.version,
                contract.inputs,
                self.signature,
                inputs,
                max_rows=max_rows,
                features=features,
            )
            for contract in contracts
        }
        default = next((contract.version for contract in contracts if contract.default), 0)
        sent = features.raw if features else self.signature.inputs
        self.default = self._views.get(default) or ContractView(
            0, sent, self.signature, inputs, max_rows=max_rows, features=features
        )
        self._shadow_views = ShadowViews(self.shadows, shadow_features or {}, max_rows)
        self.mapped = any(view.mapped for view in self._views.values())

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
        except (Busy, TimedOut):  # the process of a model's code died, or was too slow: it is started anew
            raise
        except Exception as error:
            raise ModelFailed from error
        if self.accepted is None:  # a row that can be scored, to tell bad rows from a bad model (`refusals`)
            self.accepted = rows[0]
        return found

    def view(self, contract: int | None) -> ContractView:
        """Return how a version of the contract is answered; None stands for the default one.

        Raises
        ------
        NotFound
            If there is no such version, or not any more.
        """
        if contract is None:
            return self.default
        found = self._views.get(contract)
        if found is None:
            raise NotFound(
                f"endpoint {self.endpoint!r} has no contract {contract}",
                where=f"?contract={contract}",
                why=f"it answers {', '.join(map(str, self._views)) or 'none'}",
                hint=f"requests without a version speak {self.default.version}" if self._views else "",
            )
        return found

    def decode(self, body: bytes, contract: int | None = None) -> tuple[ContractView, RequestRows]:
        """Return the rows of a body in a version of the contract, with how that is answered.

        Raises
        ------
        InvalidInput
            Naming the value at fault; of a column that another version has, it says which.
        """
        view = self.view(contract)
        try:
            return view, view.decode(body)
        except InvalidInput as error:
            name = error.field.rpartition(".")[2]
            others = [
                each.version
                for each in self._views.values()
                if each is not view and name in each.names and name not in view.names
            ]
            if not others:
                raise
            hint = f"contract {others[-1]} has it: ask with ?contract={others[-1]}"
            raise InvalidInput(error.what, why=error.why, hint=hint, field=error.field) from None

    def shadow_answers(
        self,
        rows: Sequence[Any],
        view: ContractView | None = None,
        sent: Sequence[Any] | None = None,
        times: Sequence[datetime] | None = None,
    ) -> dict[str, ModelAnswer]:
        """Return what each shadow makes of the rows; nulls where one fails, which harms nobody.

        A shadow with other columns finds them among the model's, and among those that were `sent` beside. One
        that learned from other versions of views is given their values, at the `times` of the rows.
        """
        model_answers: dict[str, ModelAnswer] = {}
        for ref, shadow in self.shadows.items():
            outputs = self._shadow_outputs[ref]
            # The model's own rows where the shadow takes the same: no second conversion of each request.
            same = shadow.signature.inputs == self.signature.inputs and shadow.takes == self.predictor.takes
            try:
                own = self._shadow_views.of(ref, view) if sent and view else None
                if own is not None and view is not None and sent is not None:
                    model_answers[ref] = outputs.answer(
                        shadow.predict(own.frame(view, sent, times)), len(rows)
                    )
                    continue
                data = self._input(rows) if same else self._decoder.frame(rows)
                if not same and view and sent:
                    data = data.hstack(view.extra_columns(sent))
                model_answers[ref] = outputs.answer(shadow.predict(data), len(rows))
            except Exception as error:  # noqa: BLE001 - a shadow must never harm the answer
                metrics.SHADOW_FAILURES.labels(self.endpoint, ref).inc()
                log.warning("shadow %s of endpoint %s could not score: %s", ref, self.endpoint, error)
                model_answers[ref] = nothing(outputs.outputs, len(rows))
        return model_answers

    def rows(self, columns: Iterable[Sequence[Any]]) -> Iterator[Any]:
        """Return columns in the order of the signature as decoded rows."""
        return (self._decoder.row_type(*values) for values in zip(*columns, strict=True))

    def rehearse(self) -> None:
        """Answer the model's example as a request: decode, score, write down, put into the answer's shape.

        No request pays then for what is only done once, and what can't be answered shows before anybody asks.
        Each version of the contract is asked.
        """
        example = self._example[: self._max_rows] or [neutral(self.signature.inputs)]
        self._rehearse(self.default, example)
        for view in self._views.values():
            if view is not self.default:
                self._rehearse(view, example)

    def _rehearse(self, view: ContractView, example: Sequence[dict[str, Any]]) -> None:
        real = self.has_example and (view.invertible or not view.mapped)
        sent = view.example(example) if view.mapped else example
        if view.features is not None:
            view.features.warm_up()
        try:
            request = view.decode(msgspec.json.encode({"rows": sent}))
            view.fill([request], [datetime.now(UTC)])
        except InvalidInput:
            if real:
                raise
            return  # of zeros, what is made of them may have no value
        try:
            answer = self.answer(request.rows)
        except ModelFailed as failed:
            cause = failed.__cause__ or failed
            if is_our_fault(cause):
                raise cause from None
            if real or isinstance(cause, WrongShape):
                why = str(cause) if isinstance(cause, WrongShape) else f"{type(cause).__name__}: {cause}"
                raise InvalidInput(f"{self.model_ref} can't be served", why=why[:300]) from cause
            return  # a made-up row means nothing to the model, and its failure nothing about it
        shadows = self.shadow_answers(request.rows, view, request.sent)
        batch_id = None
        if self.record:
            now, batch_id = datetime.now(UTC), new_batch_id()
            times = [now] * len(request.rows)
            types, columns = view.recorded(request)
            payload.pack(payload.make(types, columns, answer, times, shadows))
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
    contracts: Sequence[Contract] = (),
    inputs: Sequence[ModelInput] = (),
    features: FeatureInputs | None = None,
    shadow_features: Mapping[str, FeatureInputs] | None = None,
) -> LoadedModel:
    """Return a model version as an endpoint answers with it, after it answered its example.

    The servers and the gate ``loads`` both ask this, so that what passes is what can be served.

    Raises
    ------
    InvalidInput
        When no endpoint can answer with such a model, and why.
    """
    served = LoadedModel(
        model,
        endpoint=endpoint,
        model_ref=model_ref,
        release_ref=release_ref,
        shadows=shadows,
        record=record,
        max_rows=max_rows,
        contracts=contracts,
        inputs=inputs,
        features=features,
        shadow_features=shadow_features,
    )
    served.rehearse()
    return served
