"""The card of a model as the ``modelCard`` of a CycloneDX component, a ``machine-learning-model``."""

from __future__ import annotations

from typing import Any

from meguru.cards.facts.types import CardMetric, CardModel
from meguru.cards.render.fairness import groups_of
from meguru.cards.types import Card

TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "multilabel": "classification",
    "regression": "regression",
    "quantiles": "regression",
    "forecast": "forecasting",
}
"""What a task is called there."""


def model_card(card: Card, facts: CardModel, language: str = "en") -> dict[str, Any]:
    """Return what stands under ``modelCard``, by version 1.6 of the schema; empty parts are left out."""
    found = {
        "bom-ref": f"card:{facts.ref}",
        "modelParameters": _parameters(facts),
        "quantitativeAnalysis": {"performanceMetrics": _metrics(facts)},
        "considerations": _considerations(card, facts, language),
        "properties": [
            {"name": "meguru:card:digest", "value": f"sha256:{card.digest}"},
            *(
                {"name": f"meguru:param:{name}", "value": str(value)}
                for name, value in sorted(facts.params.items())
            ),
        ],
    }
    return {name: value for name, value in found.items() if value}


def _parameters(facts: CardModel) -> dict[str, Any]:
    datasets = [
        {
            "type": "dataset",
            "name": card_data.ref,
            "contents": {"properties": [{"name": "sha256", "value": card_data.digest}]},
            "classification": "personal"
            if any(column.is_personal for column in card_data.columns)
            else "other",
        }
        for card_data in facts.data
    ]
    found = {
        "approach": {"type": "supervised"} if facts.label else {},
        "task": TASKS.get(facts.task, facts.task),
        "architectureFamily": facts.flavor,
        "datasets": datasets,
        "inputs": [{"format": f"{feature.name}: {feature.type}"} for feature in facts.features],
        "outputs": [{"format": f"{name}: {type}"} for name, type in facts.outputs.items()],
    }
    return {name: value for name, value in found.items() if value}


def _metrics(facts: CardModel) -> list[dict[str, Any]]:
    whole = [_metric(metric) for metric in facts.metrics]
    parts = [
        _metric(metric) | {"slice": f"{part.column}={part.value}"}
        for part in facts.slices
        for metric in part.metrics
    ]
    return [*whole, *parts]


def _metric(card_metric: CardMetric) -> dict[str, Any]:
    found: dict[str, Any] = {"type": card_metric.metric, "value": f"{card_metric.value:.10g}"}
    if card_metric.low is not None and card_metric.high is not None:
        bounds = {"lowerBound": f"{card_metric.low:.10g}", "upperBound": f"{card_metric.high:.10g}"}
        found["confidenceInterval"] = bounds
    return found


def _considerations(card: Card, facts: CardModel, language: str) -> dict[str, Any]:
    def said(part: str) -> list[str]:
        text = card.text_of(part, language)
        return [text] if text else []

    fairness = [
        {
            "groupAtRisk": " × ".join(map(str, each.get("columns", []))),
            "benefits": "",
            "harms": f"{each.get('criterion', '')} {each.get('verdict', '')}".strip(),
            "mitigationStrategy": f"gate {gate.gate}: {gate.verdict}",
        }
        for gate in facts.gates
        for each in groups_of(gate)
    ]
    found = {
        "users": said("owners"),
        "useCases": said("intended_use"),
        "technicalLimitations": [*said("limitations"), *said("caveats"), *said("out_of_scope")],
        "ethicalConsiderations": [{"name": text} for text in said("ethical_considerations")],
        "fairnessAssessments": fairness,
    }
    return {name: value for name, value in found.items() if value}
