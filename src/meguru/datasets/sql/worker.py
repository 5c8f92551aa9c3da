"""The worker in the sandbox that answers a query; see `base.sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from meguru.base.library_errors import reason
from meguru.datasets.sql.types import AskedQuery, AskedTable, ConfinedAnswer, QueryAnswer

if TYPE_CHECKING:
    import polars as pl

    from meguru.storage.blobs import BlobStore

ASKED, ANSWERED = "asked.json", "answered.json"
MAX_CHARACTERS = 500
"""Of one value that is shown."""
MAX_COLUMNS = 200
HIDDEN = "•••"


def answer(folder: Path) -> None:
    """Read what is asked in a folder, and leave the answer there."""
    import polars as pl

    query = msgspec.json.decode((folder / ASKED).read_bytes(), type=AskedQuery)
    try:
        done = ConfinedAnswer(answer=_answered(query))
    except pl.exceptions.PolarsError as error:
        done = ConfinedAnswer(error=reason(error))
    except MemoryError:
        done = ConfinedAnswer(error="it needs too much memory")
    (folder / ANSWERED).write_bytes(msgspec.json.encode(done))


class _Places:
    """Where the blobs are that the caller has named: all that a scan needs of a blob store."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places

    def path(self, digest: str) -> Path:
        return Path(self._places[digest])

    def get_bytes(self, digest: str) -> bytes:
        return self.path(digest).read_bytes()


def _answered(asked_query: AskedQuery) -> QueryAnswer:
    import polars as pl

    tables = {name: table_of(each) for name, each in asked_query.tables.items()}
    plan = pl.SQLContext(tables).execute(asked_query.query)
    first = first_rows(plan.head(asked_query.rows + 1).collect(engine="streaming"), asked_query.rows)
    if not asked_query.total:
        return first
    total = plan.select(pl.len()).collect(engine="streaming").item()
    return msgspec.structs.replace(first, total=int(total))


def first_rows(found: pl.DataFrame, rows: int) -> QueryAnswer:
    """Return the first rows of a table as they are shown."""
    from meguru.datasets.types import DatasetColumn

    first = found[:, :MAX_COLUMNS].head(rows)
    return QueryAnswer(
        columns=[DatasetColumn(name=name, type=str(dtype)) for name, dtype in first.schema.items()],
        rows=[[_shortened(value) for value in row] for row in first.iter_rows()],
        more=found.height > rows,
    )


def table_of(table: AskedTable) -> pl.LazyFrame:
    """Return a table of a query as a plan; columns that are not shown are masked."""
    import polars as pl

    from meguru.datasets.versions.scan import scan

    if table.manifest is None:
        plan = pl.scan_parquet(table.places["rows"], glob=False)
    else:
        plan = scan(cast("BlobStore", _Places(table.places)), table.manifest)
    return plan.with_columns(pl.lit(HIDDEN).alias(name) for name in table.hidden)


def _shortened(value: Any) -> Any:
    from meguru.datasets.frames import plain_value

    plain = plain_value(value)
    if isinstance(plain, list | dict):
        plain = msgspec.json.encode(plain).decode()
    if isinstance(plain, str) and len(plain) > MAX_CHARACTERS:
        return plain[: MAX_CHARACTERS - 1] + "…"
    return plain
