"""What is searched but in no column: the MLflow id of a run, and where its artifacts are, as SQL."""

from __future__ import annotations

import re

from meguru.storage.statements import marks
from meguru.tracking.run_ids import ALPHABET, from_hex
from meguru.tracking.search import compare, grammar

_ROOT = (
    "(SELECT CASE WHEN rtrim(e.artifact_location, '/') = '' THEN 'mlflow-artifacts:/' || e.id "
    "WHEN {mark} > 0 THEN rtrim(substr(e.artifact_location, 1, {mark} - 1), '/') "
    "ELSE rtrim(e.artifact_location, '/') END FROM mlflow_experiment e WHERE e.experiment = r.experiment)"
)
_QUERY = (
    "(SELECT CASE WHEN {mark} > 0 THEN substr(e.artifact_location, {mark}) ELSE '' END "
    "FROM mlflow_experiment e WHERE e.experiment = r.experiment)"
)
_PREFIX = re.compile(r"[0-9a-f]{1,32}(?=[%_]|$)")
_OF_RUN = re.compile(r".*/([^/]+)/artifacts(?:\?.*)?", re.DOTALL)


def hex_of(column: str, *, is_sqlite: bool) -> str:
    """Return the MLflow id of the run whose id is in a column: `to_hex`, in SQL.

    Two letters of base 32 are the first two digits (of their ten bits the upper two are nothing), and each
    four after them are five.
    """
    find, digits = (
        ("instr", "printf('%0{n}x', {v})") if is_sqlite else ("strpos", "lpad(to_hex({v}), {n}, '0')")
    )
    values = [f"({find}('{ALPHABET}', substr({column}, {place}, 1)) - 1)" for place in range(5, 31)]
    groups = [values[:2], *(values[start : start + 4] for start in range(2, 26, 4))]
    numbers = [" + ".join(f"{each} * {32 ** (len(g) - 1 - i)}" for i, each in enumerate(g)) for g in groups]
    written = [digits.format(n=2 if index == 0 else 5, v=number) for index, number in enumerate(numbers)]
    ours = f"length({column}) = 30 AND substr({column}, 1, 4) = 'run-'"
    return f"(CASE WHEN {ours} THEN {' || '.join(written)} ELSE {column} END)"


def run_id(clause: grammar.Clause, *, is_sqlite: bool) -> compare.Condition:
    """Compare the MLflow id of run ``r``."""
    values = (clause.value,) if isinstance(clause.value, str) else clause.value
    if clause.sign in {"=", "!=", "IN", "NOT IN"} and isinstance(values, tuple):
        sign = "IN" if clause.sign in {"=", "IN"} else "NOT IN"
        return f"r.id {sign} ({marks(len(values))})", [from_hex(value) for value in values]
    sql, given = compare.text(hex_of("r.id", is_sqlite=is_sqlite), clause, is_sqlite=is_sqlite)
    known = _PREFIX.match(str(clause.value))
    if known is None or not is_sqlite:
        return sql, given
    # Digits and letters are in the same order: an index finds those that begin so, and ids of another make.
    low, high = (from_hex(known[0].ljust(32, filler)) for filler in "0f")
    return f"(r.id BETWEEN ? AND ? OR r.id < 'run-' OR r.id > 'run.') AND {sql}", [low, high, *given]


def artifact_uri(clause: grammar.Clause, *, is_sqlite: bool) -> compare.Condition:
    """Compare where the artifacts of run ``r`` are."""
    # Where the query begins; not with a mark in quotes, which would be taken for the place of a value.
    mark = "instr(e.artifact_location, char(63))" if is_sqlite else "strpos(e.artifact_location, chr(63))"
    root, query = _ROOT.format(mark=mark), _QUERY.format(mark=mark)
    column = f"({root} || '/' || {hex_of('r.id', is_sqlite=is_sqlite)} || '/artifacts' || {query})"
    sql, given = compare.text(column, clause, is_sqlite=is_sqlite)
    if clause.sign not in {"=", "IN"}:
        return sql, given
    # Each names its run: no other needs to be looked at.
    found = [match[1] for text in given if (match := _OF_RUN.fullmatch(text))]
    return f"r.id IN ({marks(len(found)) or 'NULL'}) AND {sql}", [*(from_hex(each) for each in found), *given]


BY_NAME = {"run_id": run_id, "artifact_uri": artifact_uri}
"""What a filter calls them."""
