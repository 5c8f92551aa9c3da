"""The worker in the sandbox that evaluates metrics; see `base.sandbox`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base.library_errors import kind_and_reason, reason
from meguru.business.answer import Amounts, amounts
from meguru.business.estimate import MetricEstimates, estimate
from meguru.business.types import TABLE
from meguru.compute.code import SourceFile
from meguru.datasets.sql.types import AskedTable
from meguru.errors import InvalidInput, MeguruError

if TYPE_CHECKING:
    import polars as pl

ASKED, MASKED, ANSWERED = "asked.json", "masked.json", "answered.json"
CODE = "code"
OUTCOME = "outcome"


class MetricQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's question, the datasets that it reads, and what its number is for.

    `function` is ``module:name``, of the modules at `sources` in the folder ``codeN`` of the N-th question;
    `rows` are the files of the rows that it is asked of: one, or two to be compared. `known` tells whether a
    value is over the predictions whose outcome is known.
    """

    sql: str = ""
    function: str = ""
    sources: list[SourceFile] = []
    tables: dict[str, AskedTable] = {}
    rows: list[str] = []
    by: float | None = None
    known: bool = True


class ConfinedEstimates(msgspec.Struct, frozen=True, kw_only=True):
    """What the confined process leaves: numbers, or why there are none."""

    found: MetricEstimates | None = None
    error: str = ""
    hint: str = ""


def answer(folder: Path) -> None:
    """Read what is asked in a folder, and leave an answer to each question there."""
    import polars as pl

    questions = msgspec.json.decode((folder / ASKED).read_bytes(), type=list[MetricQuestion])
    names = dict.fromkeys(name for question in questions for name in question.rows)
    frames = {name: pl.read_parquet(folder / name, glob=False) for name in names}
    done = [
        _answered(each, folder / f"{CODE}{number}", [frames[name] for name in each.rows])
        for number, each in enumerate(questions)
    ]
    (folder / ANSWERED).write_bytes(msgspec.json.encode(done))


def mask(folder: Path) -> None:
    """Write the tables of a function that hide something, with masks, as files of the folder."""
    from meguru.datasets.sql.worker import table_of

    questions = msgspec.json.decode((folder / ASKED).read_bytes(), type=list[MetricQuestion])
    for name, table in hidden_tables(questions).items():
        table_of(table).sink_parquet(masked_table(folder, questions, name), compression="lz4")
    (folder / MASKED).write_bytes(msgspec.json.encode(True))  # noqa: FBT003 - a mark that it is done


def hidden_tables(questions: Sequence[MetricQuestion]) -> dict[str, AskedTable]:
    """Return the tables of some questions that have hidden columns, by name."""
    return {name: table for question in questions for name, table in question.tables.items() if table.hidden}


def masked_table(folder: Path, questions: Sequence[MetricQuestion], name: str) -> Path:
    """Return where `mask` writes a table."""
    return folder / f"table{list(hidden_tables(questions)).index(name)}.parquet"


def _answered(question: MetricQuestion, code: Path, frames: Sequence[pl.DataFrame]) -> ConfinedEstimates:
    import polars as pl

    try:
        return ConfinedEstimates(found=estimate(_asker(question, code), frames, question.by))
    except MeguruError as error:
        return ConfinedEstimates(error=": ".join(filter(None, (error.what, error.why))), hint=error.hint)
    except MemoryError:
        return ConfinedEstimates(error="it needs too much memory")
    except pl.exceptions.PolarsError as error:
        return ConfinedEstimates(error=reason(error))


def _asker(question: MetricQuestion, code: Path) -> Callable[[pl.DataFrame], Amounts]:
    from meguru.datasets.sql.worker import table_of

    plans = {name: table_of(each) for name, each in question.tables.items()}
    put = _function(question, code, plans) if question.function else _query(question.sql, plans)

    def ask(rows: pl.DataFrame) -> Amounts:
        return amounts(put(rows), rows[OUTCOME].count() if question.known else rows.height)

    return ask


def _query(sql: str, plans: dict[str, pl.LazyFrame]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    import polars as pl

    tables = {name: plan.collect(engine="streaming").lazy() for name, plan in plans.items()}

    def put(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.SQLContext(tables | {TABLE: rows.lazy()}).execute(sql).collect()

    return put


def _function(
    question: MetricQuestion, code: Path, plans: dict[str, pl.LazyFrame]
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    import polars as pl

    from meguru.compute import snapshot

    module, _, name = question.function.partition(":")
    given = {key: plan.collect(engine="streaming") for key, plan in plans.items()}
    # For good: what the function imports when it is called is of its project, too.
    sys.meta_path.insert(0, snapshot.finder_of(code, question.sources))
    function = getattr(import_module(module), name)

    def put(rows: pl.DataFrame) -> pl.DataFrame:
        try:
            # In the sandbox already; what it raises is its own fault, and is told with its words.
            found = function(rows, **given)
        except Exception as error:
            text = kind_and_reason(error)[:300]
            raise InvalidInput(f"{name} failed", why=text) from error
        return found if isinstance(found, pl.DataFrame) else _frame(found, name)

    return put


def _frame(found: Any, name: str) -> pl.DataFrame:
    import polars as pl

    if found is None or (isinstance(found, int | float) and not isinstance(found, bool)):
        return pl.DataFrame({"value": [found]}, schema={"value": pl.Float64})
    hint = "return a number, or a Polars frame with a column called value"
    raise InvalidInput(f"{name} gave no number", why=f"it gave {type(found).__name__}", hint=hint)
