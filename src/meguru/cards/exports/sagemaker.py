"""The card of a model as the content of an Amazon SageMaker model card, which its console imports.

Texts that are too long for it are cut, and end in an ellipsis.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from meguru.cards.facts.types import CardMetric, CardModel
from meguru.cards.render.values import plain
from meguru.cards.types import Card

SHORT, LONG, MAX_LENGTH = 1024, 2048, 2096
"""How many letters its texts may have."""
MAX_VALUES = 50


class SimpleMetric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of an evaluation."""

    name: str
    type: Literal["number"]
    value: float
    notes: str = ""


class MetricGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers that belong together: of all rows, or of a slice."""

    name: str
    metric_data: list[SimpleMetric]


class EvaluationDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An evaluation: on which rows, with which numbers."""

    name: str
    evaluation_observation: str = ""
    datasets: list[str] = []
    metadata: dict[str, str] = {}
    metric_groups: list[MetricGroup] = []


class NamedText(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter, as a text."""

    name: str
    value: str


class TrainingJobDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it was trained."""

    training_datasets: list[str] = []
    user_provided_hyper_parameters: list[NamedText] = []


class TrainingDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The training, in words and as records."""

    training_observations: str = ""
    training_job_details: TrainingJobDetails = TrainingJobDetails()


class ModelOverview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it is."""

    model_name: str
    model_version: int
    model_id: str = ""
    model_description: str = ""
    model_creator: str = ""
    model_owner: str = ""
    model_artifact: list[str] = []
    algorithm_type: str = ""
    problem_type: str = ""


class IntendedUses(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it is for."""

    purpose_of_model: str = ""
    intended_uses: str = ""
    factors_affecting_model_efficiency: str = ""
    risk_rating: Literal["High", "Medium", "Low", "Unknown"] = "Unknown"


class AdditionalInformation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What else has to be known."""

    ethical_considerations: str = ""
    caveats_and_recommendations: str = ""
    custom_details: dict[str, str] = {}


class SagemakerCard(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a model card in the schema of SageMaker; fields without a value are left out."""

    model_overview: ModelOverview
    intended_uses: IntendedUses
    training_details: TrainingDetails
    evaluation_details: list[EvaluationDetail]
    additional_information: AdditionalInformation


def sagemaker(card: Card, facts: CardModel, language: str) -> dict[str, Any]:
    """Return the content of a SageMaker model card."""

    def said(part: str, most: int = LONG) -> str:
        return cut(card.text_of(part, language), most)

    made = SagemakerCard(
        model_overview=ModelOverview(
            model_name=facts.name,
            model_version=facts.version,
            model_id=facts.ref,
            model_description=cut(card.text_of("description", language) or facts.description, SHORT),
            model_creator=cut(facts.created_by, SHORT),
            model_owner=cut(card.text_of("owners", language) or facts.owner, SHORT),
            model_artifact=[f"sha256:{facts.tree_digest}"] if facts.tree_digest else [],
            algorithm_type=facts.flavor,
            problem_type=facts.task,
        ),
        intended_uses=IntendedUses(
            purpose_of_model=said("description"),
            intended_uses=said("intended_use"),
            factors_affecting_model_efficiency=said("limitations"),
        ),
        training_details=TrainingDetails(
            training_observations=cut(_observations(facts), SHORT),
            training_job_details=TrainingJobDetails(
                training_datasets=[f"{each.ref} sha256:{each.digest}" for each in facts.data][:MAX_VALUES],
                user_provided_hyper_parameters=[
                    NamedText(name=cut(name, SHORT), value=cut(plain(value), SHORT))
                    for name, value in sorted(facts.params.items())
                ][:MAX_VALUES],
            ),
        ),
        evaluation_details=_evaluations(facts),
        additional_information=AdditionalInformation(
            ethical_considerations=said("ethical_considerations"),
            caveats_and_recommendations=said("caveats"),
            custom_details=_custom(card, facts, language),
        ),
    )
    plainly: dict[str, Any] = msgspec.to_builtins(made)
    return plainly


def cut(text: str, most: int) -> str:
    """Return a text in at most so many letters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _observations(facts: CardModel) -> str:
    rows = ", ".join(f"{each.ref}: {each.rows:,} rows" for each in facts.data)
    code = f"; code {facts.code.commit}" if facts.code.commit else ""
    return f"{rows}{code}"


def _evaluations(facts: CardModel) -> list[EvaluationDetail]:
    if not facts.metrics:
        return []
    whole = MetricGroup(name="holdout", metric_data=[_metric(each) for each in facts.metrics])
    slices = [
        MetricGroup(
            name=cut(f"{part.column}={part.value}", 63), metric_data=[_metric(each) for each in part.metrics]
        )
        for part in facts.slices
        if part.metrics
    ]
    gates = "; ".join(f"{each.gate} {each.verdict}: {each.reason}" for each in facts.gates)
    return [
        EvaluationDetail(
            name="holdout",
            evaluation_observation=cut(gates, MAX_LENGTH),
            metadata={"rows": str(facts.holdout_rows), "label": facts.label},
            metric_groups=[whole, *slices][:MAX_VALUES],
        )
    ]


def _metric(each: CardMetric) -> SimpleMetric:
    notes = (
        f"{each.level:.0%} interval {each.low:.6g} to {each.high:.6g} on {each.n} rows"
        if (each.low is not None and each.high is not None)
        else ""
    )
    return SimpleMetric(name=each.metric, type="number", value=each.value, notes=notes)


def _custom(card: Card, facts: CardModel, language: str) -> dict[str, str]:
    parts = {
        name: cut(card.text_of(name, language), LONG) for name in ("out_of_scope", "contacts", "licence")
    }
    known = {
        "meguru_ref": facts.ref,
        "digest": f"sha256:{facts.digest}",
        "card_digest": f"sha256:{card.digest}",
    }
    return known | {name: text for name, text in parts.items() if text}
