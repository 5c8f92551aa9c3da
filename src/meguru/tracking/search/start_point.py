"""Where a search of runs begins: SQLite keeps no figures of its tables, so few rows are looked for here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from meguru.storage.db.raw import Bound, RawSql
from meguru.storage.statements import marks
from meguru.tracking.search import compare, grammar
from meguru.tracking.search.comparison_rows import Candidate, StartPoint, candidate_of, of_nan, of_series

SMALL_EXPERIMENT = 5000
"""Experiments with fewer runs are read whole."""
MIN_FEW_ROWS, MAX_FEW_ROWS = 1000, 50_000
"""So many rows of a comparison are few at least, and at most, whatever the number of runs."""
MAX_APART = 50
"""So many experiments are asked one by one, rather than all their runs put in order."""
BOUND = Bound(steps=1_000_000, milliseconds=500)
"""So long an order is followed before another beginning is tried."""


class StartPoints:
    """The places where a search can begin.

    PostgreSQL keeps figures and chooses by itself; but it takes comparisons for independent, and follows an
    order to its end where no run meets all of them. Then it is made to find the runs before it orders them.
    """

    def __init__(
        self, raw: RawSql, experiments: list[str], clauses: list[grammar.Clause], limit: int
    ) -> None:
        self.raw, self.experiments, self.clauses, self.limit = raw, experiments, clauses, limit
        # SQLite reads the tables of a CROSS JOIN in the order in which they are written.
        self.join = "CROSS JOIN" if raw.is_sqlite else "JOIN"
        self._known: dict[str, tuple[int, int]] = {}
        self._candidates: list[Candidate] | None = None

    def places(self, *, in_order_of: str, has_index: bool) -> Iterator[StartPoint]:
        """Yield where to begin; another place is for when the one before took its bound of steps.

        A page of a common comparison is found soon in the order that is wanted; of a rare one, or of two
        that no run meets together, the order would be followed to its end.
        """
        # An index has the runs of one experiment in the order of their start, not those of several.
        apart = not in_order_of and 1 < len(self.experiments) <= MAX_APART
        has_index = has_index and (bool(in_order_of) or len(self.experiments) <= MAX_APART)
        if (self.raw.is_sqlite or apart) and self._count_runs(SMALL_EXPERIMENT) < SMALL_EXPERIMENT:
            yield StartPoint("run r")
            return
        if not self.raw.is_sqlite:
            if has_index and (self.clauses or apart):
                # Bounded: a filter that hardly any run meets would follow the index to its end.
                yield StartPoint("run r", bound=BOUND if self.clauses else None, apart=apart)
            yield StartPoint("run r", whole=has_index and bool(self.clauses))
            return
        rows = int(self.raw.execute("SELECT max(rowid) FROM run").fetchone()[0] or 0)
        # An order passes limit * rows / count runs until a page is full; a comparison's rows are `count`.
        # Both cost the same at count = sqrt(limit * rows). To count costs too: not where both are near.
        few = max(MIN_FEW_ROWS, min(MAX_FEW_ROWS, math.isqrt(self.limit * rows) // 4))
        smallest = self._smallest(few)
        if smallest is not None:
            yield smallest
            return
        natural = of_series(in_order_of, self.clauses) if in_order_of else StartPoint("run r", apart=apart)
        others = [candidate for candidate in self._all() if candidate.clause not in natural.clauses]
        if has_index and others:
            yield replace(natural, bound=BOUND)
        elif has_index:
            yield natural
            return
        yield self._smallest(max(few, rows // 4)) or replace(natural, apart=apart and has_index)

    def nan(self, key: str) -> StartPoint | None:
        """Return where the runs are whose metric is NaN, if they are few; None if they are many."""
        candidate = of_nan(key)
        if not self.raw.is_sqlite or self._count(candidate, MIN_FEW_ROWS) >= MIN_FEW_ROWS:
            return None
        return candidate.begin

    @staticmethod
    def scope(begin: StartPoint, experiments: list[str]) -> compare.Condition:
        """Return the condition of being in experiments."""
        # The sign keeps SQLite from an index that would lead it away from where it begins.
        return _scope("+r.experiment" if begin.leads else "r.experiment", experiments)

    def _all(self) -> list[Candidate]:
        if self._candidates is None:
            scope = _scope("r.experiment", self.experiments)
            candidates = (candidate_of(clause, self.clauses, scope) for clause in self.clauses)
            self._candidates = [candidate for candidate in candidates if candidate is not None]
        return self._candidates

    def _smallest(self, limit: int) -> StartPoint | None:
        """Return the place with the fewest rows, if they are fewer than a limit."""
        best = None
        for candidate in self._all():
            count = self._count(candidate, limit)
            if count < limit:
                best, limit = candidate.begin, count
        return best

    def _count(self, candidate: Candidate, limit: int) -> int:
        place = repr((candidate.source, candidate.condition))
        count, known_to = self._known.get(place, (0, -1))
        if count < known_to or limit <= known_to:
            return count
        count = self._counted(candidate.source, candidate.condition, limit)
        self._known[place] = count, limit
        return count

    def _count_runs(self, limit: int) -> int:
        return self._counted("run r", _scope("r.experiment", self.experiments), limit)

    def _counted(self, source: str, condition: compare.Condition, limit: int) -> int:
        sql, values = condition
        some = f"SELECT 1 FROM {source} WHERE {sql} LIMIT {limit}"  # noqa: S608 - names of ours
        found: list[Any] = self.raw.execute(f"SELECT count(*) FROM ({some}) AS few", values).fetchone()  # noqa: S608
        return int(found[0])


def _scope(column: str, experiments: list[str]) -> compare.Condition:
    if len(experiments) == 1:
        return f"{column} = ?", list(experiments)
    return f"{column} IN ({marks(len(experiments))})", list(experiments)
