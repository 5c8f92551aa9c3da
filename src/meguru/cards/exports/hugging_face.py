"""The card of a model as Hugging Face's: a README with its metadata in front, as its hub reads them."""

from __future__ import annotations

import re
from typing import Any

import yaml

from meguru.cards.facts.types import CardMetric, CardModel
from meguru.cards.render.markdown import markdown
from meguru.cards.render.page import page_of
from meguru.cards.types import Card
from meguru.monitoring.evidence.translation import EvidenceWords

TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "multilabel": "tabular-classification",
    "regression": "tabular-regression",
    "quantiles": "tabular-regression",
    "forecast": "time-series-forecasting",
    "ranking": "text-ranking",
}
OTHER_TASK = "other"
LIBRARIES = {
    "pytorch": "pytorch",
    "sklearn": "sklearn",
    "keras": "keras",
    "onnx": "onnx",
    "lightgbm": "lightgbm",
}
LICENCES = frozenset(
    {
        "apache-2.0", "mit", "openrail", "bsd", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0",
        "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0",
        "agpl-3.0", "mpl-2.0", "epl-2.0", "unlicense", "odbl", "pddl",
    }
)  # fmt: skip
"""Those that the hub knows by name, of which people write."""
_ONE_WORD = re.compile(r"[\w.+-]+")


def hugging_face(card: Card, facts: CardModel, words: EvidenceWords) -> str:
    """Return the README of a model: YAML in front, and the card in Markdown below.

    Metrics stand in ``model-index`` with the interval as their arguments; those of slices are in the text.
    """
    known = metadata(card, facts, words.language)
    front = yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{front}---\n\n{markdown(page_of(card, words))}"


def metadata(card: Card, facts: CardModel, language: str) -> dict[str, Any]:
    """Return what stands in front of the text."""
    said = card.text_of("licence", language).strip()
    found: dict[str, Any] = {"model_name": facts.name, "tags": ["meguru", *sorted(facts.tags)]}
    if library := LIBRARIES.get(facts.flavor, facts.flavor):
        found["library_name"] = library
    if said.casefold() in LICENCES:
        found["license"] = said.casefold()
    elif said:
        found |= {"license": "other", "license_name": _name(said)}
    if facts.data:
        found["datasets"] = [card_data.ref.partition("/")[2].partition("@")[0] for card_data in facts.data]
    measured = [metric for metric in facts.metrics if metric.level]
    if measured:
        found["metrics"] = [card_metric.metric for card_metric in measured]
        found["model-index"] = [{"name": facts.name, "results": [_results(facts, measured)]}]
    return found


def _results(facts: CardModel, measured: list[CardMetric]) -> dict[str, Any]:
    made = facts.data[0].ref if facts.data else facts.ref
    return {
        "task": {"type": TASKS.get(facts.task, OTHER_TASK), "name": facts.task},
        "dataset": {
            "type": made.partition("/")[2].partition("@")[0],
            "name": f"holdout of {facts.ref}",
            "split": "holdout",
            "revision": made.partition("@")[2] or None,
        },
        "metrics": [_metric(metric) for metric in measured],
    }


def _metric(card_metric: CardMetric) -> dict[str, Any]:
    bounds = {
        "low": card_metric.low,
        "high": card_metric.high,
        "level": card_metric.level,
        "n": card_metric.n,
        "method": card_metric.method,
    }
    return {
        "type": card_metric.metric,
        "value": card_metric.value,
        "name": card_metric.metric,
        "args": {name: value for name, value in bounds.items() if value not in {None, ""}},
        "verified": False,
    }


def _name(said: str) -> str:
    return said if _ONE_WORD.fullmatch(said) and len(said) <= 60 else "see-the-card"
