"""Compatibility: whether a model's columns can be had from a contract's, and from views."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.errors import InvalidInput
from meguru.flavors import Signature, SignatureColumn
from meguru.serving.contracts.inputs import sources_of
from meguru.serving.contracts.types import ModelInput
from meguru.serving.features.columns import lacking, made_from, used_by
from meguru.serving.features.plan import FeaturePlan


def unanswered(
    version: int,
    sent: Sequence[SignatureColumn],
    signature: Signature,
    inputs: Sequence[ModelInput],
    plan: FeaturePlan | None,
) -> list[str]:
    """Return, as sentences, why requests in a version of a contract would fail; empty when none would."""
    if plan is None:
        return sources_of(version, sent, signature, inputs)[1]
    try:
        known = (*sent, *made_from(sent, signature, plan))
        sources, faults = sources_of(version, known, signature, inputs)
        used, names = used_by(sources, known), {column.name for column in sent}
        if any(column.name not in names for column in used):
            faults += lacking(version, sent, used, plan)
    except InvalidInput as error:
        return [": ".join(filter(None, (error.what, error.why)))]
    return faults
