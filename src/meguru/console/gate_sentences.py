"""What gates say of groups, slices, changed rows and answers that were kept."""

from meguru.base.text import mark

GATE_SENTENCES = (
    mark("groups are known of {share} of the rows"),
    mark("groups are known of {share} of the rows, and {least} are wanted"),
    mark("the rows to judge have no column {key}, which is the key of the groups {groups}"),
    mark("{groups} says different things of one {key}"),
    mark("{count} rows of {rows} have {condition}: {least} are needed"),
    mark("{count} rows of {rows} have {condition}"),
    mark("{condition} can't be asked of {rows}"),
    mark("{condition} is neither true nor false"),
    mark("where {condition}"),
    mark("slice {name}: {why}"),
)
