"""Rules that all tables keep."""

from sqlalchemy import Integer

from meguru.app.nouns import load_schemas
from meguru.storage.db import metadata

ENDLESS = {
    "seq",
    "rows",
    "keys",
    "dropped",
    "size",
    "bytes",
    "received",
    "changes",
    "seed",
    "series",
    "since_seq",
}
BOUNDED = {
    "pushed_frame.rows",  # of one push
    "run_point.seq",  # tells apart points of one series, step and microsecond
    "step_log_chunk.seq",  # of one log, one a second
    "labelling.size",  # at most 10,000
}


def test_what_counts_without_end_has_64_bits():
    load_schemas()
    columns = [each for table in metadata.sorted_tables for each in table.columns if each.name in ENDLESS]
    small = {f"{each.table.name}.{each.name}" for each in columns if type(each.type) is Integer}
    assert small == BOUNDED
