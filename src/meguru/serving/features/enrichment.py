"""Enrich requests: fill in what clients did not send, by looking it up online and by computing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import UNSET

from meguru.errors import InvalidInput
from meguru.flavors import Signature, SignatureColumn
from meguru.flavors.field_errors import FieldPath
from meguru.flavors.lenient import missing_column
from meguru.serving.features.enriched_rows import NOT_FOUND, PRESENT, SENT, EnrichedRows
from meguru.serving.features.plan import FeaturePlan, PlannedView


class FoundValues(Protocol):
    """What was found of one view, for each row that asked: see `meguru.features.online.lookup.EntityRows`."""

    values: list[list[Any]]
    events: list[int]
    states: Any

    @property
    def names(self) -> list[str]:
        """What the values of an entity are called."""
        ...


class ValueSource(Protocol):
    """Where the values of views are: `moments` are microseconds since 1970; None asks for what holds now."""

    def read(
        self,
        views: Sequence[PlannedView],
        keys: Sequence[Sequence[Sequence[Any]]],
        moments: Sequence[Sequence[int] | None],
    ) -> Sequence[FoundValues]:
        """Return what is there, for the keys of each view, which are one list for each key column."""
        ...

    def warm_up(self, views: Sequence[PlannedView]) -> None:
        """Make ready for questions about these views."""
        ...

    def compute(
        self, view: PlannedView, columns: Mapping[str, Sequence[Any]], rows: int
    ) -> dict[str, list[Any]]:
        """Return what the function of a view makes of rows."""
        ...


class FeatureInputs:
    """How the rows that clients of one model send become what it eats; threads may share it.

    Attributes
    ----------
    raw, made
        The columns that clients send; and those that views give, which may be sent all the same.
    """

    def __init__(self, plan: FeaturePlan, signature: Signature, source: ValueSource) -> None:
        self.plan, self.signature, self.source = plan, signature, source
        self.raw = plan.raw_columns(signature)
        self.made = plan.made_columns(signature)
        self.columns = {column.name: column for column in (*self.raw, *self.made)}
        self.origin = plan.made()
        self.wanted = [
            signature_column.name
            for signature_column in signature.inputs
            if signature_column.name in self.origin
        ]
        self.direct = [
            signature_column.name
            for signature_column in signature.inputs
            if signature_column.name not in self.origin
        ]
        self.needed = {
            signature_column.name for signature_column in signature.inputs if not signature_column.nullable
        }
        by_ref = plan.by_ref
        self.inputs_of = {
            view.ref: [(by_ref[input_feature.view], input_feature.feature) for input_feature in view.takes]
            for view in plan.views
        }

    def of(self, columns: Sequence[SignatureColumn]) -> FeatureInputs:
        """Return how rows become these columns instead: those of which a release makes the model's."""
        signature = msgspec.structs.replace(self.signature, inputs=tuple(columns))
        return FeatureInputs(self.plan, signature, self.source)

    def warm_up(self) -> None:
        """Start what takes a while, so that no request waits for it.

        Raises
        ------
        InvalidInput
            If the code of a view can't be loaded.
        """
        self.source.warm_up(self.plan.views)

    def fill(
        self,
        given: Mapping[str, Sequence[Any]],
        n: int,
        moments: Sequence[int] | None,
        where: FieldPath,
    ) -> EnrichedRows:
        """Return all columns of n rows of which some values are sent, and `msgspec.UNSET` where they are not.

        Raises
        ------
        InvalidInput
            If something is missing that is needed, or a view refuses or can't give what the model must have.
        Busy
            If values can't be had now, and their view would rather have no answer.
        """
        return _Enrichment(self, given, n, moments, where).done()


class _Enrichment:
    """One call of `FeatureInputs.fill`: which rows need which values, then these, view by view."""

    def __init__(
        self,
        inputs: FeatureInputs,
        given: Mapping[str, Sequence[Any]],
        n: int,
        moments: Sequence[int] | None,
        where: FieldPath,
    ) -> None:
        self._inputs, self._given, self._n, self._where = inputs, given, n, where
        self._moments, self._all = moments, range(n)
        self._values: dict[tuple[str, str], list[Any]] = {}
        self._rows: dict[str, Sequence[int]] = {}
        self.filled = EnrichedRows()

    def done(self) -> EnrichedRows:
        inputs = self._inputs
        for name in inputs.direct:
            self._must_have(name, self._all, "")
        for name in inputs.wanted:
            view, _ = inputs.origin[name]
            self._need(view, self._unsent(name, self._all))
        # From the views that are computed back to those that they take values of: in the plan each stands
        # behind its inputs, so that in this order all rows that need a view are known when it is its turn.
        for view in reversed(inputs.plan.views):
            rows = self._rows.get(view.ref, ())
            for each, feature in inputs.inputs_of[view.ref]:
                column = each.columns.get(feature)
                self._need(each, self._unsent(column, rows) if column else rows)
        planned_views = [view for view in inputs.plan.views if self._rows.get(view.ref)]
        self._look_up([view for view in planned_views if not view.on_demand])
        for view in planned_views:
            if view.on_demand:
                self._compute(view)
        self._finish()
        return self.filled

    def _need(self, view: PlannedView, rows: Sequence[int]) -> None:
        there = self._rows.get(view.ref, ())
        # Mostly all rows need a view: the one range is shared, and nothing is merged.
        if len(rows) == self._n or not there:
            self._rows[view.ref] = rows
        elif len(there) < self._n and rows:
            self._rows[view.ref] = sorted({*there, *rows})

    def _unsent(self, name: str, rows: Sequence[int]) -> Sequence[int]:
        """Return those of the rows that did not bring a column along."""
        values = self._given.get(name)
        if values is None:
            return rows
        left = [row for row in rows if values[row] is UNSET]
        return rows if len(left) == len(rows) else left

    def _must_have(self, name: str, rows: Sequence[int], ref: str) -> Sequence[Any]:
        """Return a sent column for some rows; refuse the first of them that has none."""
        values = self._given.get(name)
        if values is not None:
            found = values if len(rows) == self._n else [values[row] for row in rows]
            if UNSET not in found:
                return found
        row = next(row for row in rows if values is None or values[row] is UNSET)
        why = f"{ref} is asked with it" if ref else ""
        raise missing_column(self._inputs.columns[name], self._where.row(row), why)

    def _look_up(self, views: Sequence[PlannedView]) -> None:
        """Read all views in one go."""
        if not views:
            return
        keys, moments = [], []
        for view in views:
            rows = self._rows[view.ref]
            keys.append([self._must_have(name, rows, view.ref) for name in view.keys])
            moments.append(self._moments and [self._moments[row] for row in rows])
        for view, found in zip(views, self._inputs.source.read(views, keys, moments), strict=True):
            rows = self._rows[view.ref]
            states = found.states or [PRESENT] * len(rows)
            if view.definition.missing == "refuse" and NOT_FOUND in states:
                self._refuse(view, rows[states.index(NOT_FOUND)])
            self._put(view, dict(zip(found.names, zip(*found.values, strict=True), strict=True)), rows)
            events = [
                None if state == NOT_FOUND else at for at, state in zip(found.events, states, strict=True)
            ]
            self.filled.events[view.ref] = self._spread(events, rows)
            self.filled.states[view.ref] = self._spread([str(state) for state in states], rows, SENT)

    def _compute(self, view: PlannedView) -> None:
        rows = self._rows[view.ref]
        inputs, request = self._inputs.inputs_of[view.ref], view.definition.request
        columns = {name: self._must_have(name, rows, view.ref) for name in request}
        for each, feature in inputs:
            merged = self._merged(each, feature)
            columns[feature] = merged if len(rows) == self._n else [merged[row] for row in rows]
        try:
            found = self._inputs.source.compute(view, columns, len(rows))
        except InvalidInput as error:
            raise self._blamed(view, columns, rows, error) from None
        self._put(view, found, rows)

    def _blamed(
        self,
        view: PlannedView,
        columns: Mapping[str, Sequence[Any]],
        rows: Sequence[int],
        error: InvalidInput,
    ) -> InvalidInput:
        """Name the first row that a function has no values for, by asking ever smaller parts."""
        start, end = 0, len(rows)
        while end - start > 1:
            middle = (start + end) // 2
            part = {name: values[start:middle] for name, values in columns.items()}
            try:
                self._inputs.source.compute(view, part, middle - start)
                start = middle
            except InvalidInput as fault:
                end, error = middle, fault
        path = self._where.row(rows[start])
        return InvalidInput(f"{path}: {error.what}", why=error.why, where=view.ref, field=path)

    def _refuse(self, view: PlannedView, row: int) -> None:
        names = list(view.keys)
        path = self._where.cell(row, names[0]) if len(names) == 1 else self._where.row(row)
        key = ", ".join(f"{name}={str(self._given[name][row])[:80]!r}" for name in names)
        raise InvalidInput(
            f"{view.ref} knows nothing of {key}",
            where=view.ref,
            why="the view would rather have no answer",
            field=path,
            hint=f"send {', '.join(list(view.columns.values())[:3])} along, or materialize the view",
        )

    def _put(self, view: PlannedView, columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> None:
        for feature, values in columns.items():
            self._values[view.ref, feature] = self._spread(values, rows)

    def _spread(self, values: Sequence[Any], rows: Sequence[int], fill: Any = None) -> list[Any]:
        if len(rows) == self._n:
            return list(values)
        found = [fill] * self._n
        for row, value in zip(rows, values, strict=True):
            found[row] = value
        return found

    def _merged(self, view: PlannedView, feature: str) -> Sequence[Any]:
        """Return the values of a feature as they were sent, else as they were looked up or computed."""
        made = self._values.get((view.ref, feature))
        sent = self._given.get(view.columns.get(feature, ""))
        if sent is None or made is None:
            return made if sent is None and made is not None else sent or [None] * self._n
        return [own if there is UNSET else there for there, own in zip(sent, made, strict=True)]

    def _finish(self) -> None:
        filled, inputs = self.filled, self._inputs
        for name, sent in self._given.items():
            if name not in inputs.origin:
                filled.columns[name] = _plain(sent)
        for name, (view, feature) in inputs.origin.items():
            brought = [value is not UNSET for value in self._given.get(name, ())]
            if any(brought):
                filled.sent[name] = brought
            filled.columns[name] = _plain(self._merged(view, feature))
            if name in inputs.needed and None in filled.columns[name]:
                self._lacks(name, view, list(filled.columns[name]).index(None))

    def _lacks(self, name: str, view: PlannedView, row: int) -> None:
        states = self.filled.states.get(view.ref)
        raise InvalidInput(
            f"{view.ref} has no {name!r} for {self._where.row(row)}, and the model must have it",
            where=view.ref,
            why=f"its values are {states[row]} there" if states else "it was computed as nothing",
            field=self._where.cell(row, name),
            hint="send it along, or say defaults of the view",
        )


def _plain(values: Sequence[Any]) -> Sequence[Any]:
    return [None if value is UNSET else value for value in values] if UNSET in values else values
