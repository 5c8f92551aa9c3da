"""What a model's columns are made from: request fields, values of views, and what is computed of both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from meguru.errors import InvalidInput
from meguru.features import dtypes
from meguru.features.types import FeatureCode, ViewDefinition
from meguru.flavors import ColumnType, Signature, SignatureColumn

if TYPE_CHECKING:
    import polars as pl


class InputFeature(msgspec.Struct, frozen=True, kw_only=True):
    """A feature that the function of another view takes."""

    view: str
    feature: str
    kind: str


class PlannedView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a view as a model uses it.

    Attributes
    ----------
    features
        The types of all its values, by name.
    columns
        By feature, what the model and requests call it; without those that the model does not know.
    keys
        The types of its keys, by name; empty for what is computed on demand.
    takes
        Of what is computed on demand: features of other views.
    """

    ref: str
    definition: ViewDefinition
    features: dict[str, str]
    columns: dict[str, str]
    keys: dict[str, str] = {}
    takes: list[InputFeature] = []
    code: FeatureCode | None = None

    @property
    def name(self) -> str:
        """The name of the view, without project and version."""
        return self.ref.rpartition("/")[2].partition("@")[0]

    @property
    def on_demand(self) -> bool:
        """Whether its values are computed when somebody asks."""
        return self.definition.form == "on_demand"


class FeaturePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The views of a model: those that are looked up, then those that are computed of them."""

    views: list[PlannedView]

    @property
    def refs(self) -> list[str]:
        """The versions of views."""
        return [view.ref for view in self.views]

    @property
    def by_ref(self) -> dict[str, PlannedView]:
        """The views by reference."""
        return {view.ref: view for view in self.views}

    def made(self) -> dict[str, tuple[PlannedView, str]]:
        """Return by the name of a column the view and the feature that it comes from."""
        return {column: (view, each) for view in self.views for each, column in view.columns.items()}

    def made_columns(self, signature: Signature) -> tuple[SignatureColumn, ...]:
        """Return what may be sent instead of the value of a view: the model's columns as it takes them."""
        own = {column.name: column for column in signature.inputs}
        return tuple(
            own.get(name) or _column(name, view.features[feature], nullable=True)
            for name, (view, feature) in self.made().items()
        )

    def raw_columns(self, signature: Signature) -> tuple[SignatureColumn, ...]:
        """Return what clients send: keys, the fields of functions, and what no view gives.

        Raises
        ------
        InvalidInput
            If two views want one field as two types.
        """
        made, found = self.made(), dict[str, SignatureColumn]()
        wanted = [
            made[signature_column.name][0]
            for signature_column in signature.inputs
            if signature_column.name in made
        ]
        for view in self._reached(wanted):
            nullable = view.definition.missing != "refuse"
            for name, kind in view.keys.items():
                _add(found, _column(name, kind, nullable=nullable), view.ref)
            for name, kind in view.definition.request.items():
                column = _column(
                    name, kind.removesuffix(dtypes.MAY_LACK), nullable=kind.endswith(dtypes.MAY_LACK)
                )
                _add(found, column, view.ref)
        for column in signature.inputs:
            if column.name not in made and column.name not in found:
                found[column.name] = column
        # One name for a key or a field and for a feature would leave open which of them a client sent.
        if clash := sorted(set(found) & set(made)):
            why = f"{made[clash[0]][0].ref} has a feature of this name"
            raise InvalidInput(f"{clash[0]!r} is sent and computed", why=why, hint="give one another name")
        return tuple(found.values())

    def _reached(self, wanted: Iterable[PlannedView]) -> list[PlannedView]:
        """Return the views that are asked for some, in the order of the plan."""
        refs = {ref for view in wanted for ref in (view.ref, *(feature.view for feature in view.takes))}
        return [view for view in self.views if view.ref in refs]


def _add(found: dict[str, SignatureColumn], column: SignatureColumn, ref: str) -> None:
    there = found.get(column.name)
    if there is None:
        found[column.name] = column
        return
    if (there.type, len(there.shape)) != (column.type, len(column.shape)):
        why = f"it is {there.type} for one, and {column.type} for {ref}"
        raise InvalidInput(f"views want {column.name!r} as two types", why=why)
    if there.nullable and not column.nullable:
        found[column.name] = column


def _column(name: str, kind: str, *, nullable: bool) -> SignatureColumn:
    found, depth = _column_type(dtypes.polars_type(kind))
    if depth:
        raise InvalidInput(f"{name!r} is a list, which requests can't carry yet", field=name)
    return SignatureColumn(name=name, type=found, nullable=nullable)


def _column_type(kind: pl.DataType) -> tuple[ColumnType, int]:
    """Return the type in the words of contracts, and how deeply it is listed.

    Raises
    ------
    InvalidInput
        If requests can't carry such values.
    """
    import polars as pl

    if isinstance(kind, type):
        kind = kind()
    if isinstance(kind, pl.List):
        inner, depth = _column_type(kind.inner)  # type: ignore[arg-type]
        return inner, depth + 1
    if kind.is_integer():
        return ColumnType.LONG, 0
    if kind.is_float():
        return ColumnType.DOUBLE, 0
    if isinstance(kind, pl.Boolean):
        return ColumnType.BOOLEAN, 0
    if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
        return ColumnType.STRING, 0
    if isinstance(kind, pl.Datetime):
        return ColumnType.DATETIME, 0
    raise InvalidInput(f"values of the type {kind} can't be sent in a request")
