"""Where a search of runs begins: SQLite keeps no figures of its tables, so few rows are looked for here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from meguru.api.mlflow.search import compare, grammar
from meguru.storage.db.raw import Raw, marks
from meguru.tracking.schema import HEAD

MANY, MANY_RUNS = 1000, 5000
"""So many rows are not few, of a comparison and of the experiments."""
_TABLES = {"param": "run_param", "tag": "run_tag"}


@dataclass
class Begin:
    """The table that is read first, with run ``r`` joined to it."""

    source: str
    values: list[Any] = field(default_factory=list)
    conditions: list[compare.Condition] = field(default_factory=list)
    clause: grammar.Clause | None = None
    is_ordered: bool = False
    run: str = "r.id"
    """The run's id in the first table: what it is compared by is looked at before the run itself."""


class Beginnings:
    """The places where a search can begin.

    PostgreSQL keeps figures and chooses by itself; it is left alone.
    """

    def __init__(self, raw: Raw, experiments: list[str], clauses: list[grammar.Clause]) -> None:
        self.raw, self.experiments, self.clauses = raw, experiments, clauses
        # SQLite reads the tables of a CROSS JOIN in the order in which they are written.
        self._known: dict[tuple[Any, ...], bool] = {}
        self.join = "CROSS JOIN" if raw.is_sqlite else "JOIN"

    def choose(self, *, in_order_of: str) -> Begin:
        """Return where to begin; a metric that the runs are wanted in the order of is read in that order."""
        in_experiments = Begin("run r")
        if not self.raw.is_sqlite or self._few("run", *self._scope("experiment"), limit=MANY_RUNS):
            return in_experiments
        for clause in self.clauses:
            if (found := self._from(clause)) is not None:
                return found
        if not in_order_of:
            return in_experiments
        same = next((c for c in self.clauses if c.kind == "metric" and c.key == in_order_of), None)
        conditions: list[compare.Condition] = [("o.key = ?", [in_order_of])]
        if same is not None:
            conditions.append(compare.number("o.value", same))
        source = "run_series o CROSS JOIN run r ON r.id = o.run"
        return Begin(source, conditions=conditions, clause=same, is_ordered=True, run="o.run")

    def scope(self, begin: Begin) -> compare.Condition:
        """Return the condition of being in the experiments."""
        # The sign keeps SQLite from an index that would lead it away from where it begins.
        return self._scope("r.experiment" if begin.run == "r.id" else "+r.experiment")

    def _scope(self, column: str) -> compare.Condition:
        if len(self.experiments) == 1:
            return f"{column} = ?", list(self.experiments)
        return f"{column} IN ({marks(len(self.experiments))})", list(self.experiments)

    def _from(self, clause: grammar.Clause) -> Begin | None:
        if clause.kind in _TABLES and clause.sign == "=" and isinstance(clause.value, str):
            table = _TABLES[clause.kind]
            few: compare.Condition = ("f.key = ? AND f.head = ?", [clause.key, clause.value[:HEAD]])
            whole = [few, ("f.value = ?", [clause.value])]
        elif clause.kind == "metric" and clause.sign != "!=" and isinstance(clause.value, float):
            table = "run_series"
            sql, values = compare.number("f.value", clause)
            few = f"f.key = ? AND {sql}", [clause.key, *values]
            whole = [few]
        else:
            return None
        if not self._few(f"{table} f", *few):
            return None
        return Begin(
            f"{table} f CROSS JOIN run r ON r.id = f.run", conditions=whole, clause=clause, run="f.run"
        )

    def _few(self, table: str, condition: str, values: list[Any], *, limit: int = MANY) -> bool:
        place = (table, condition, *values)
        if place not in self._known:
            self._known[place] = self._count(table, condition, values, limit) < limit
        return self._known[place]

    def _count(self, table: str, condition: str, values: list[Any], limit: int) -> int:
        some = f"SELECT 1 FROM {table} WHERE {condition} LIMIT {limit}"  # noqa: S608 - names of ours
        row = self.raw.execute(f"SELECT count(*) FROM ({some})", values).fetchone()  # noqa: S608
        return int(row[0])
