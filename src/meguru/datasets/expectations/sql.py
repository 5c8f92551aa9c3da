"""A query finds no rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from meguru.datasets.expectations.base import CheckedRows, ExpectationOptions, Verdict
from meguru.datasets.sql.guard import tables_of
from meguru.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    import polars as pl

TABLE = "data"
SHOWN = 20


class FailingRowsQuery(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{check = "sql", query = "SELECT * FROM data WHERE paid > price"}``: it finds the rows that fail.

    The rows that are judged are called ``data``.
    """

    key: ClassVar[str] = "sql"

    query: str

    def check(self) -> None:
        """Refuse what is no question about the rows."""
        self.check_judged()
        try:
            names = tables_of(self.query)
        except UsageError as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field="query") from None
        if TABLE not in names:
            raise InvalidInput("the query does not ask the rows", hint="SELECT … FROM data", field="query")

    def names(self) -> list[str]:
        """Return none: nobody reads the query for them."""
        return []

    def says(self) -> str:
        """Return what is expected, in words."""
        return self.about or f"no row is found by {self.query}"

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Return nothing: a query is answered by itself."""
        del rows
        return {}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Count what the query finds."""
        import polars as pl

        self.check()  # whoever declared it, and whenever
        if rows.ask is not None:
            count = rows.ask(self.query, TABLE, rows.scan, 0).total or 0
        else:
            count = int(self._found(rows).select(pl.len()).collect(engine="streaming").item())
        return Verdict(count, f"{count:,} rows were found", self.tolerates(count, seen["rows"]))

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return what the query finds, or the first rows of it."""
        import polars as pl

        if rows.ask is None:
            return self._found(rows)
        answer = rows.ask(self.query, TABLE, rows.scan, SHOWN)
        names = [column.name for column in answer.columns]
        return pl.LazyFrame(answer.rows, schema=names, orient="row", infer_schema_length=None)

    def _found(self, rows: CheckedRows) -> pl.LazyFrame:
        import polars as pl

        return pl.SQLContext({TABLE: rows.scan}).execute(self.query)
