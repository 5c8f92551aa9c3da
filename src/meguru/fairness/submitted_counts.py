"""Group counts submitted in place of rows, by whoever may see the groups, to a server that may not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.fairness.counts import MAX_GROUPS, GroupCounts, count_groups
from meguru.fairness.criteria import MEANS, WITHIN
from meguru.fairness.errors_by_group import SUMS, GroupErrors, errors_by_group
from meguru.fairness.options import MAX_COLUMNS, GroupOptions

if TYPE_CHECKING:
    import polars as pl

MIN_GROUP_ROWS, SMALL_GROUPS = 10, "small groups"
"""No group of fewer rows is told of; what those are called together."""
TALLIES = ("rows", "selected", "known", "hits", "false_alarms", "misses")
_MAX_NAME = 200
_ROUNDING = 1e-9
"""By so much sums may be off that were added up in another order."""


class CountedGroups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts by the groups of some columns; each list has a number for each group.

    `counts` are those of `GroupCounts`, empty where nothing is decided; `errors` the sums of `GroupErrors`.
    """

    columns: list[str]
    groups: list[str]
    counts: dict[str, list[float]] = {}
    errors: dict[str, list[float]] = {}


class GroupTally(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent: of which model and holdout, by which rule, and the counts.

    Attributes
    ----------
    model, holdout
        The digests of the model's folder and of its holdout: for no others do the counts hold.
    rows, found
        How many rows of the holdout were answered, and of how many the groups are known.
    min_rows
        Groups of fewer rows were left out.
    threshold, favorable, cuts
        As in `GroupOptions`.
    tables
        The counts, by columns.
    """

    model: str
    holdout: str
    rows: int
    found: int
    min_rows: int
    tables: list[CountedGroups]
    threshold: float = 0.5
    favorable: str | int | bool | None = None
    cuts: dict[str, list[float]] = {}

    @property
    def digest(self) -> str:
        """The digest of all of it."""
        return digests.of_value(self)

    @property
    def coverage(self) -> float:
        """Of which share of the rows the groups are known."""
        return self.found / self.rows if self.rows else 0.0

    def table(self, columns: Sequence[str]) -> CountedGroups | None:
        """Return the counts by these columns; None where they were not counted."""
        return next((groups for groups in self.tables if groups.columns == list(columns)), None)

    def is_counted_as(self, options: GroupOptions) -> bool:
        """Say whether it was counted by the rule that somebody asks for."""
        said = options.threshold, options.favorable, options.cuts
        return said == (self.threshold, self.favorable, self.cuts) and self.min_rows <= options.min_rows

    def check(self) -> None:
        """Refuse what can't be counts of a holdout.

        Raises
        ------
        InvalidInput
            Names the field.
        """
        if not 0 <= self.found <= self.rows:
            raise InvalidInput("no more rows can be found than there are", field="found")
        if self.min_rows < MIN_GROUP_ROWS:
            what = f"groups of fewer than {MIN_GROUP_ROWS} rows are not sent"
            raise InvalidInput(what, field="min_rows", why=f"it is {self.min_rows}")
        if not 1 <= len(self.tables) <= MAX_COLUMNS + 1:
            raise InvalidInput(f"1 to {MAX_COLUMNS + 1} tables are taken", field="tables")
        for place, table in enumerate(self.tables):
            _check_table(table, self, f"tables[{place}]")


def _check_table(table: CountedGroups, tally: GroupTally, field: str) -> None:
    names = [*table.columns, *table.groups]
    if (
        not table.columns
        or not 1 <= len(table.groups) <= MAX_GROUPS
        or any(len(x) > _MAX_NAME for x in names)
    ):
        raise InvalidInput(f"1 to {MAX_GROUPS} groups of columns with short names are taken", field=field)
    if not table.counts and not table.errors:
        raise InvalidInput("counts are complete", field=field, why="there are none")
    # One after the other, since both have a "known": of a mapping of both only one would be looked at.
    for given, wanted in ((table.counts, TALLIES), (table.errors, SUMS)):
        if given:
            _check_numbers(given, wanted, len(table.groups), field)
    _check_counts(table, tally, field)


def _check_numbers(
    given: Mapping[str, Sequence[float]], wanted: Sequence[str], groups: int, field: str
) -> None:
    if set(given) != set(wanted):
        raise InvalidInput("counts are complete", field=field, why=f"they have {', '.join(sorted(given))}")
    for name, numbers in given.items():
        if len(numbers) != groups or not all(map(math.isfinite, numbers)):
            raise InvalidInput(f"{name} has a number for each group", field=f"{field}.{name}")
        if name in TALLIES and any(number < 0 or number != int(number) for number in numbers):
            raise InvalidInput(f"{name} are counts", field=f"{field}.{name}")


def _check_counts(table: CountedGroups, tally: GroupTally, field: str) -> None:
    if table.errors:
        _check_errors(table, field)
    size = table.counts.get("rows") or table.errors["known"]
    if sum(size) > tally.found or min(size) < tally.min_rows:
        what = "groups have at least min_rows rows, and together no more than were found"
        raise InvalidInput(what, field=f"{field}.groups")
    if not table.counts:
        return
    rows, selected, known, hits, alarms, misses = (np.array(table.counts[name]) for name in TALLIES)
    refused = known - hits - alarms
    orders = (
        (known, rows),
        (selected, rows),
        (hits + alarms, selected),
        (misses, refused),
        (refused, rows - selected),
    )
    if any((low > high).any() for low, high in orders):
        raise InvalidInput("a part has no more rows than the whole", field=f"{field}.counts")


def _check_errors(table: CountedGroups, field: str) -> None:
    """Refuse sums that no numbers have: too small a sum of squares would make an interval of no width."""
    known, total, size, squares, fourths = (np.array(table.errors[name]) for name in SUMS)
    # Cauchy and Schwarz's inequality, of n errors: (sum |e|)^2 <= n sum e^2, and of their squares.
    with np.errstate(over="ignore"):
        orders = ((np.abs(total), size), (size**2, known * squares), (squares**2, known * fourths))
        beyond = any((low > high * (1 + _ROUNDING)).any() for low, high in orders)
    if beyond or min(size.min(), squares.min(), fourths.min()) < 0:
        raise InvalidInput("there are no errors with such sums", field=f"{field}.errors")


def counted_groups(
    frame: pl.DataFrame,
    columns: Sequence[str],
    options: GroupOptions,
    *,
    score: str,
    truth: str,
    decided: str,
) -> CountedGroups:
    """Count the groups of some columns, as much as is told of them: those with `min_rows` rows."""
    import polars as pl

    errors = errors_by_group(frame, columns, score=score, truth=truth, cuts=options.cuts)
    counts = count_groups(frame, columns, decided=pl.col(decided), truth=truth, cuts=options.cuts)
    # Both must be large enough: the sums of a group of which two outcomes are known would tell those two.
    told = np.flatnonzero((counts.rows >= options.min_rows) & (errors.known >= options.min_rows))
    is_binary = set(frame.get_column(truth).drop_nulls().unique().to_list()) <= {0.0, 1.0}
    return CountedGroups(
        columns=list(columns),
        groups=[counts.groups[at] for at in told],
        counts={name: getattr(counts, name)[told].tolist() for name in TALLIES} if is_binary else {},
        errors={name: getattr(errors, name)[told].tolist() for name in SUMS},
    )


def read_counts(table: CountedGroups, options: GroupOptions) -> GroupCounts | GroupErrors:
    """Return counts as a criterion takes them.

    Raises
    ------
    InvalidInput
        When the criterion needs what was not counted.
    """
    given = table.errors if options.criterion in MEANS else table.counts
    if not given or options.criterion == WITHIN:
        what = f"{options.criterion} is not told by the counts that were sent"
        raise InvalidInput(what, field="criterion")
    arrays = {name: np.array(numbers, dtype=np.float64) for name, numbers in given.items()}
    kind: type[GroupCounts | GroupErrors] = GroupErrors if options.criterion in MEANS else GroupCounts
    return kind(groups=tuple(table.groups), **arrays)
