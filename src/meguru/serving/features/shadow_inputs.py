"""Inputs of shadow models that learned from other versions of views than the model that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import Predictor
from meguru.flavors.rows import decoder
from meguru.serving.body import RequestRows
from meguru.serving.contracts.view import ContractView
from meguru.serving.features.enrichment import FeatureInputs

if TYPE_CHECKING:
    import polars as pl


class ShadowView:
    """One version of a contract as a shadow takes it, whose views are its own."""

    def __init__(self, view: ContractView) -> None:
        self._view = view

    def frame(
        self, asked: ContractView, sent: Sequence[Any], times: Sequence[datetime] | None
    ) -> pl.DataFrame:
        """Return the shadow's columns of rows that were sent in the version that was asked."""
        names = [column.name for column in asked.known]
        rows = [dict(zip(names, astuple(row), strict=True)) for row in sent]
        request = RequestRows(rows, times=list(times) if times else None, sent=self._view.rows_of(rows))
        self._view.fill([request], [*(times or ())][:1])
        return decoder(self._view.signature).frame(request.rows)


class ShadowViews:
    """Which shadows have views of their own; made when first asked."""

    def __init__(
        self, shadows: Mapping[str, Predictor], features: Mapping[str, FeatureInputs], max_rows: int
    ) -> None:
        self._shadows, self._features, self._max_rows = shadows, features, max_rows
        self._made: dict[tuple[str, int], ShadowView | None] = {}

    def of(self, ref: str, view: ContractView | None) -> ShadowView | None:
        """Return how a shadow takes a version of the contract; None if it can be given the model's rows."""
        own = self._features.get(ref)
        if own is None or view is None:
            return None
        if view.features is not None and own.plan.refs == view.features.plan.refs:
            names = set(view.signature.names)
            if names.issuperset(self._shadows[ref].signature.names):
                return None
        key = (ref, view.version)
        if key not in self._made:
            self._made[key] = self._view(ref, view, own)
        return self._made[key]

    def _view(self, ref: str, view: ContractView, own: FeatureInputs) -> ShadowView | None:
        signature = self._shadows[ref].signature
        try:
            contract_view = ContractView(
                view.version, view.sent, signature, (), max_rows=self._max_rows, features=own
            )
        except InvalidInput:
            return None  # it finds its columns among the model's, or fails alone
        return ShadowView(contract_view) if contract_view.features else None
