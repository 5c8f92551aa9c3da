"""The rows that one comparison is about, as a place where a search of runs can begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from meguru.storage.db.raw import Bound
from meguru.storage.statements import marks
from meguru.tracking.run_ids import from_hex
from meguru.tracking.schema import HEAD
from meguru.tracking.search import compare, grammar
from meguru.tracking.states import STATES

TABLES = {"param": "run_param", "tag": "run_tag"}
DATASETS = {"name": "d.name", "digest": "d.digest", "context": "i.context"}
INPUTS = "mlflow_input i JOIN mlflow_dataset d ON d.id = i.dataset"
_LAST = "\U0010ffff"
"""The last letter of Unicode: no text comes after all that begin with it."""
# Without figures SQLite would rather follow the order of the start.
_BY_NAME = "run r INDEXED BY ix_run_experiment_name_id"
RUN_NAMES = ("run_name", "name", "run name", "Run name", "Run Name")
"""The spellings of a run's name."""


@dataclass
class StartPoint:
    """The table that is read first, with run ``r`` joined to it.

    `clauses` need no further look; `run` is the run's id in the first table: what it is compared by is looked
    at before the run itself. With `has_series`, the metric that the runs are ordered by is there as ``o``.
    With `whole`, all runs are found before they are put in order; `apart`, each experiment is asked alone.
    """

    source: str
    values: list[Any] = field(default_factory=list)
    conditions: list[compare.Condition] = field(default_factory=list)
    clauses: tuple[grammar.Clause, ...] = ()
    has_series: bool = False
    run: str = "r.id"
    leads: bool = False
    bound: Bound | None = None
    whole: bool = False
    apart: bool = False


@dataclass
class Candidate:
    """A place, and how its rows are counted."""

    begin: StartPoint
    source: str
    condition: compare.Condition
    clause: grammar.Clause | None = None


def of_series(key: str, clauses: Sequence[grammar.Clause]) -> StartPoint:
    """Return the runs with a number for a metric, in its order."""
    same = tuple(clause for clause in clauses if (clause.kind, clause.key) == ("metric", key))
    conditions: list[compare.Condition] = [("o.key = ?", [key])]
    conditions += [compare.number("o.value", clause) for clause in same]
    return _of_rows("run_series o", "o", conditions, same, has_series=True)


def of_nan(key: str) -> Candidate:
    """Return the runs whose metric is NaN."""
    condition = "o.key = ? AND o.value IS NULL", [key]
    begin = _of_rows("run_series o", "o", [condition], (), has_series=True)
    return Candidate(begin, "run_series o", condition)


def candidate_of(
    clause: grammar.Clause, clauses: Sequence[grammar.Clause], experiments: compare.Condition
) -> Candidate | None:
    """Return the rows of a comparison; None if no index has them together."""
    if clause.kind in TABLES:
        return _of_text(clause)
    if clause.kind == "dataset" and clause.key in DATASETS:
        return _of_dataset(clause)
    if clause.kind == "attribute":
        return _of_attribute(clause, experiments)
    if clause.kind != "metric" or clause.sign == "!=":
        return None
    same = tuple(each for each in clauses if (each.kind, each.key) == ("metric", clause.key))
    ranges = [("f.key = ?", [clause.key]), *(compare.number("f.value", each) for each in same)]
    condition = " AND ".join(sql for sql, _ in ranges), [value for _, values in ranges for value in values]
    return Candidate(_of_rows("run_series f", "f", [condition], same), "run_series f", condition, clause)


def _of_text(clause: grammar.Clause) -> Candidate | None:
    sql, values = "f.key = ?", [clause.key]
    exact: list[compare.Condition] = []
    if clause.sign in {"=", "IN"} and (texts := _texts(clause)):
        sql += f" AND f.head IN ({marks(len(texts))})"
        values += [text[:HEAD] for text in texts]
    elif clause.sign == "LIKE" and isinstance(clause.value, str):
        head = prefix_of(clause.value)[:HEAD]
        if not head:
            return None
        begins, more = _beginning("f.head", head)
        sql, values = f"{sql} AND {begins}", [*values, *more]
    elif clause.sign != "IS NOT NULL":
        return None
    if clause.sign != "IS NOT NULL":
        exact = [] if is_head(clause) else [compare.text("f.value", clause, is_sqlite=True)]
    source = f"{TABLES[clause.kind]} f"
    condition = sql, list(values)
    return Candidate(_of_rows(source, "f", [condition, *exact], (clause,)), source, condition, clause)


def text_of(alias: str, clause: grammar.Clause, *, is_sqlite: bool) -> compare.Condition:
    """Compare the value of a param or a tag, by its indexed head where that tells it."""
    if is_head(clause):
        return compare.text(f"{alias}.head", clause, is_sqlite=is_sqlite)
    sql, values = compare.text(f"{alias}.value", clause, is_sqlite=is_sqlite)
    if clause.sign == "=":
        return f"{sql} AND {alias}.head = ?", [*values, values[0][:HEAD]]
    return sql, values


def is_head(clause: grammar.Clause) -> bool:
    """Tell whether the heads that are equal to a value belong to the values that are."""
    texts = _texts(clause)
    return clause.sign in {"=", "IN"} and bool(texts) and all(len(text) < HEAD for text in texts)


def state_of(clause: grammar.Clause) -> str:
    """Return the state of all runs with a status; empty if none can be told."""
    is_status = clause.kind == "attribute" and clause.key == "status" and clause.sign == "="
    return STATES.get(str(clause.value), "") if is_status else ""


def _texts(clause: grammar.Clause) -> tuple[str, ...]:
    value = clause.value
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _of_dataset(clause: grammar.Clause) -> Candidate | None:
    if clause.sign not in {"=", "IN", "LIKE"}:
        return None
    sql, values = compare.text(DATASETS[clause.key], clause, is_sqlite=True)
    runs = f"(SELECT DISTINCT i.run AS run FROM {INPUTS} WHERE {sql}) f"  # noqa: S608 - names of ours
    begin = StartPoint(
        f"{runs} CROSS JOIN run r ON r.id = f.run", values, clauses=(clause,), run="f.run", leads=True
    )
    return Candidate(begin, INPUTS, (sql, values), clause)


def _of_attribute(clause: grammar.Clause, experiments: compare.Condition) -> Candidate | None:
    # The comparison itself is made too: what is here may hold other runs.
    condition = None
    if state := state_of(clause):
        condition = "r.state = ?", [state]
    elif clause.key == "run_id" and clause.sign in {"=", "IN"}:
        if texts := _texts(clause):
            condition = f"r.id IN ({marks(len(texts))})", [from_hex(text) for text in texts]
    elif clause.key in RUN_NAMES and (name := _of_name(clause)) is not None:
        whole = f"{experiments[0]} AND {name[0]}", [*experiments[1], *name[1]]
        return Candidate(StartPoint(_BY_NAME, conditions=[name]), _BY_NAME, whole, clause)
    elif clause.key in {"start_time", "created"} and clause.sign != "!=" and isinstance(clause.value, float):
        sql, values = compare.moment("r.started_at", clause)
        whole = f"{experiments[0]} AND {sql}", [*experiments[1], *values]
        return Candidate(StartPoint("run r", conditions=[(sql, values)]), "run r", whole, clause)
    if condition is None:
        return None
    return Candidate(StartPoint("run r", conditions=[condition], leads=True), "run r", condition, clause)


def _of_rows(
    source: str,
    alias: str,
    conditions: list[compare.Condition],
    clauses: tuple[grammar.Clause, ...],
    *,
    has_series: bool = False,
) -> StartPoint:
    return StartPoint(
        f"{source} CROSS JOIN run r ON r.id = {alias}.run",
        conditions=conditions,
        clauses=clauses,
        has_series=has_series,
        run=f"{alias}.run",
        leads=True,
    )


def _of_name(clause: grammar.Clause) -> compare.Condition | None:
    texts = _texts(clause)
    if clause.sign in {"=", "IN"} and texts:
        return f"r.name IN ({marks(len(texts))})", list(texts)
    if clause.sign == "LIKE" and isinstance(clause.value, str) and (head := prefix_of(clause.value)):
        return _beginning("r.name", head)
    return None


def _beginning(column: str, head: str) -> compare.Condition:
    """Say that a text begins so, in a way that an index can be asked."""
    if head[-1] >= _LAST:
        return f"{column} >= ?", [head]
    return f"{column} >= ? AND {column} < ?", [head, after(head)]


def prefix_of(pattern: str) -> str:
    """Return what each text begins with that is LIKE a pattern."""
    return pattern[: min((place for mark in "%_" if (place := pattern.find(mark)) >= 0), default=None)]


def after(text: str) -> str:
    """Return the first text after all that begin with this one, which ends below the last letter."""
    following = ord(text[-1]) + 1
    # Surrogates are no letters: no database driver takes them.
    return text[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)
