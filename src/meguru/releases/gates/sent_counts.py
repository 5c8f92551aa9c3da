"""Counts of groups that somebody sent who holds the groups: what they come to for a gate."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meguru.errors import InvalidInput
from meguru.fairness import FairnessResult, FairVerdict, GroupOptions, GroupValue
from meguru.fairness.submitted_counts import SMALL_GROUPS, GroupTally, read_counts
from meguru.registry.group_tallies import TallyRecord

COUNTS = "counts"
"""What a gate writes for its groups where counts of them are sent."""


PART = "group_counts"


def tally_ref(record: TallyRecord) -> str:
    """Return what counts are called among what a gate looked at: of which model, and by whom."""
    return f"{PART}/{record.ref.removeprefix('model/')}:{record.holder}"


def fitting(
    records: Sequence[TallyRecord],
    options: GroupOptions,
    groupings: Sequence[Sequence[str]],
    holders: Sequence[str],
) -> TallyRecord | None:
    """Return the newest counts that one of the holders sent, by all groupings and by the rule asked for."""
    for tally_record in records:
        tally = tally_record.tally
        if (
            tally_record.holder in holders
            and tally.is_counted_as(options)
            and all(map(tally.table, groupings))
        ):
            return tally_record
    return None


def judged_tally(
    tally: GroupTally, options: GroupOptions, columns: Sequence[str], level: float
) -> FairnessResult:
    """Compare the groups of some columns; those of which nothing was sent are not enough evidence."""
    table = tally.table(columns)
    if table is None:
        raise InvalidInput(f"no counts by {' and '.join(columns)} were sent", field="columns")
    result = options.judged_counts(read_counts(table, options), level=level)
    told = sum(table.counts.get("rows") or table.errors["known"])
    if told >= tally.found:
        return result
    groups = [*result.groups, GroupValue(group=SMALL_GROUPS, rows=None, judged=False)]
    is_fair = result.verdict is FairVerdict.FAIR
    return msgspec.structs.replace(
        result,
        groups=groups,
        small=[*result.small, SMALL_GROUPS],
        verdict=FairVerdict.UNPROVEN if is_fair else result.verdict,
    )
