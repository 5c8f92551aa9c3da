"""Evaluate metrics in a sandboxed process, which sees their rows and datasets alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.sandbox.launch import confined
from meguru.business import worker
from meguru.business.code import unpacked_code
from meguru.business.tables import predictions_table
from meguru.business.types import BusinessMetric
from meguru.datasets import store as datasets
from meguru.datasets.sql.confined import (
    MAX_ANSWER_BYTES,
    QueryLimits,
    query_slot,
    read_result,
    readable_of,
    scratch_folder,
)
from meguru.datasets.sql.guard import tables_of
from meguru.datasets.sql.server_query import table_to_query
from meguru.datasets.sql.types import AskedTable
from meguru.datasets.types import DatasetVersion
from meguru.errors import Busy, MeguruError, TooLarge
from meguru.predictions.columns import column_name
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_UNNAMED = re.compile(r"(?:\bselect|\bdistinct|[,.])\s*\*|\bnatural\b", re.IGNORECASE)
"""What asks for columns without naming them."""
LIMITS = QueryLimits(seconds=60.0, memory=3 << 30, patience=120.0)


class Question(NamedTuple):
    """A metric, the versions of the datasets that it reads, and the rows that it is asked of.

    Versions are by the name of the table. Rows are as a window's frame has them: with one model's answers, or
    the same twice, with those of two.
    """

    metric: BusinessMetric
    versions: dict[str, DatasetVersion]
    frames: tuple[pl.DataFrame, ...]


def ask(tx: Connection, blobs: BlobStore, questions: Sequence[Question]) -> list[worker.ConfinedEstimates]:
    """Ask questions in confined processes.

    All that are SQL share one. What a function is asked has one of its own: code sees no tables and no
    modules of another metric. Questions that need too much together are asked one by one.

    Raises
    ------
    Busy
        If others are asked, for too long.
    """
    together: dict[str, list[int]] = {}
    for place, each in enumerate(questions):
        together.setdefault(each.metric.name if each.metric.python else "", []).append(place)
    found: dict[int, worker.ConfinedEstimates] = {}
    for places in together.values():
        found |= zip(
            places, _evaluate_or_explain(tx, blobs, [questions[place] for place in places]), strict=True
        )
    return [found[place] for place in range(len(questions))]


def _evaluate_or_explain(
    tx: Connection, blobs: BlobStore, questions: Sequence[Question]
) -> list[worker.ConfinedEstimates]:
    try:
        return _evaluate(tx, blobs, questions)
    # Others are being answered: to ask one by one would only wait longer.
    except Busy:
        raise
    except MeguruError as error:
        if len(questions) == 1:
            why = ": ".join(filter(None, (error.what, error.why)))
            return [worker.ConfinedEstimates(error=why, hint=error.hint)]
    return [estimates for question in questions for estimates in _evaluate_or_explain(tx, blobs, [question])]


def _evaluate(tx: Connection, blobs: BlobStore, asked: Sequence[Question]) -> list[worker.ConfinedEstimates]:
    with query_slot(LIMITS), scratch_folder() as folder:
        written: dict[int, str] = {}
        for rows in (rows for question in asked for rows in question.frames):
            if id(rows) not in written:
                name = written[id(rows)] = f"rows{len(written)}.parquet"
                predictions_table(rows).write_parquet(folder / name, compression="lz4")
        questions = [
            _question(
                tx,
                blobs,
                each,
                [written[id(rows)] for rows in each.frames],
                folder / f"{worker.CODE}{number}",
            )
            for number, each in enumerate(asked)
        ]
        (folder / worker.ASKED).write_bytes(msgspec.json.encode(questions))
        # In two steps: the process that runs a function must not be able to read the files behind the masks.
        if any(question.function and _hides(question) for question in questions):
            questions = _masked(folder, questions)
        ended = confined(
            "meguru.business.worker:answer",
            folder,
            seconds=LIMITS.seconds,
            memory=LIMITS.memory,
            file=MAX_ANSWER_BYTES,
            readable=_readable(questions),
        )
        done = read_result(folder / worker.ANSWERED, ended, LIMITS, list[worker.ConfinedEstimates])
    if len(done) != len(asked):
        raise TooLarge("the answers of metrics are not all there")
    return done


def _masked(folder: Path, questions: list[worker.MetricQuestion]) -> list[worker.MetricQuestion]:
    """Have tables written down as they may be seen: what a function can read, it sees as it is."""
    ended = confined(
        "meguru.business.worker:mask",
        folder,
        seconds=LIMITS.seconds,
        memory=LIMITS.memory,
        readable=_readable(questions),
    )
    read_result(folder / worker.MASKED, ended, LIMITS, bool)
    # Which files the next process may read is said here, and not read from what this one left.
    masked = {
        name: AskedTable(manifest=None, places={"rows": str(worker.masked_table(folder, questions, name))})
        for name in worker.hidden_tables(questions)
    }
    metric_questions = [
        msgspec.structs.replace(question, tables=question.tables | masked) for question in questions
    ]
    place = folder / worker.ASKED
    place.unlink(missing_ok=True)  # not through a link that may stand there by now
    place.write_bytes(msgspec.json.encode(metric_questions))
    return metric_questions


def _hides(question: worker.MetricQuestion) -> bool:
    return any(table.hidden for table in question.tables.values())


def _readable(questions: Sequence[worker.MetricQuestion]) -> list[Path]:
    tables = [table for question in questions for table in question.tables.values()]
    return readable_of(table for table in tables if table.manifest is not None)  # others are in the folder


def _question(
    tx: Connection, blobs: BlobStore, question: Question, rows: list[str], code: Path
) -> worker.MetricQuestion:
    metric = question.metric
    function, sources = unpacked_code(blobs, metric, code)
    return worker.MetricQuestion(
        sql=metric.sql,
        function=function,
        sources=sources,
        tables={name: table_to_query(tx, blobs, version) for name, version in question.versions.items()},
        rows=rows,
        by=metric.by,
        known=needs_outcomes(metric),
    )


def versions_of(tx: Connection, metric: BusinessMetric) -> dict[str, DatasetVersion]:
    """Return the versions of the datasets that a metric reads now, by the name of the table."""
    found = {}
    for said in metric.datasets:
        version = datasets.resolve(tx, said)
        found[refs.bare(version.name)] = version
    return found


def features_of(metrics: Sequence[BusinessMetric]) -> list[str] | None:
    """Return the features that some questions may name; None when any may be asked."""
    if any(metric.python for metric in metrics):
        return None
    if any(_UNNAMED.search(metric.sql) for metric in metrics):
        return None
    words = {word for metric in metrics for word in tables_of(metric.sql)}
    return [column_name(name) for word in words for name in (word, word.removeprefix("feature_"))]


def needs_outcomes(metric: BusinessMetric) -> bool:
    """Tell whether a metric is of what really happened, so that it is not known before that is."""
    return bool(metric.python) or "outcome" in {word.lower() for word in tables_of(metric.sql)}
