"""Who is erased: how a value that tells one person is found, however a table keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.artifacts.erasure.forms import DIGITS, dates_of, folded, forms_of, numbers_of

if TYPE_CHECKING:
    import polars as pl

FAMILY = "personal data"
"""Those who have data of people: ``f(ctx, subject, dry_run) -> list[ErasedThing]``, each erasing its own.

They are asked in the order of their kinds' names; each finds what it looks for before a later one erases it,
and tells in `subject.places` where it looked, and what it can't read.
"""


class ErasedThing(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was found, what it is, and how many rows of it; `stays` says why it can't go."""

    ref: str
    what: str
    rows: int
    stays: str = ""


class SearchedPlaces:
    """What was looked through, and what nobody can read: how many of each."""

    def __init__(self) -> None:
        self.searched: dict[str, int] = {}
        self.unsearched: dict[str, int] = {}

    def looked(self, what: str, count: int = 1) -> None:
        """Count what was looked through."""
        self.searched[what] = self.searched.get(what, 0) + count

    def passed(self, what: str, count: int = 1) -> None:
        """Count what was not looked through."""
        self.unsearched[what] = self.unsearched.get(what, 0) + count


@dataclass(frozen=True)
class ErasureSubject:
    """Who is erased: what columns hold that tells one person; never written down.

    `who` has for each column the values themselves, and what became of them where a dataset has the column
    hashed or encrypted. A row with any of them in its column is the person's. A value is found in other
    forms, too: text with spaces around it or in another normal form of Unicode, an e-mail address in
    other letters, the number 7 as ``7.0``, a moment as a date. Case tells other people apart.
    """

    who: Mapping[str, list[str]]
    places: SearchedPlaces = field(default_factory=SearchedPlaces)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that tell who it is."""
        return frozenset(self.who)

    @cached_property
    def values(self) -> list[str]:
        """All values in all forms in which text may have them, for keys that are of no column."""
        return list(dict.fromkeys(form for values in self._forms.values() for form in values))

    @cached_property
    def _forms(self) -> dict[str, list[str]]:
        return {column: forms_of(values) for column, values in self.who.items()}

    @cached_property
    def _folded(self) -> dict[str, frozenset[str]]:
        return {column: frozenset(map(folded, values)) for column, values in self._forms.items()}

    def of(self, *columns: str) -> ErasureSubject:
        """Return who is told by some of the columns alone."""
        return ErasureSubject({name: self.who[name] for name in columns if name in self.who}, self.places)

    def is_in(self, columns: Any) -> bool:
        """Tell whether one of these columns tells who it is."""
        return not self.columns.isdisjoint(columns)

    def is_value(self, column: str, value: Any) -> bool:
        """Tell whether a single value of a column is the person's."""
        return column in self.who and self.test(column)(value)

    def test(self, column: str) -> Callable[[Any], bool]:
        """Return what tells whether a single value of a column is the person's; it is quick to say no."""
        forms, folds = frozenset(self._forms[column]), self._folded[column]
        numbers = frozenset(numbers_of(forms, whole=False))

        def is_theirs(value: Any) -> bool:
            if isinstance(value, int | float):
                return value in numbers and not isinstance(value, bool)
            if not isinstance(value, str):
                return value is not None and str(value) in forms
            return value in forms or (
                (value[:1] in DIGITS or "@" in value or value[-1:] == " " or not value.isascii())
                and folded(value) in folds
            )

        return is_theirs

    def rows(self, schema: Mapping[str, Any]) -> pl.Expr:
        """Return which rows of a table are the person's; a column of lists or bytes tells nobody."""
        import polars as pl

        theirs = [self._column(name, schema[name]) for name in self.who if name in schema]
        found = pl.any_horizontal(theirs) if len(theirs) > 1 else (theirs or [pl.lit(value=False)])[0]
        return found.fill_null(value=False)

    def _column(self, name: str, kind: Any) -> pl.Expr:
        import polars as pl

        column, forms = pl.col(name), self._forms[name]
        if not is_text_like(kind):
            return pl.lit(value=False)
        if kind.is_numeric():
            # One comparison each, which the statistics of a file can answer.
            return _any_of(column, [pl.lit(each) for each in numbers_of(forms, whole=kind.is_integer())])
        if kind == pl.Date or kind == pl.Datetime:  # noqa: PLR1714 - equal to any unit and zone, hashed otherwise
            moments = [pl.lit(each).cast(kind) for each in dates_of(forms, kind)]
            return _any_of(column, moments) | column.cast(pl.String).is_in(forms)
        text = column if kind == pl.String else column.cast(pl.String)
        if kind != pl.String:
            return text.is_in(forms)
        plain = text.str.strip_chars()
        mails = [form.lower() for form in forms if "@" in form]
        if mails:
            return plain.is_in(forms) | plain.str.to_lowercase().is_in(mails)
        return plain.is_in(forms)

    def count(self, table: pl.LazyFrame) -> int:
        """Return how many rows of a table are the person's."""
        import polars as pl

        schema = table.collect_schema()
        if not self.is_in(schema):
            return 0
        theirs = table.filter(self.rows(schema))
        return int(theirs.select(pl.len()).collect(engine="streaming").item())


def _any_of(column: pl.Expr, values: list[pl.Expr]) -> pl.Expr:
    import polars as pl

    found = pl.lit(value=False)
    for number, value in enumerate(values):
        found = column == value if number == 0 else found | (column == value)
    return found


def is_text_like(kind: Any) -> bool:
    """Tell whether the values of a column can be written as text: no lists, bytes or lengths of time."""
    import polars as pl

    return not (kind.is_nested() or kind in (pl.Binary, pl.Duration, pl.Object))
