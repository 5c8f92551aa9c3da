"""Rows that are there more than once are told by their places."""

from __future__ import annotations

import pytest

from meguru.datasets.client import add_files
from meguru.datasets.duplicate_rows import duplicate_rows
from meguru.errors import InvalidInput


def test_rows_are_the_same_in_all_columns_or_in_those_that_are_named(workspace, tmp_path):
    text = "the quick brown fox jumps over the lazy dog and then goes home again to sleep"
    lines = [
        "id,text",
        f"1,{text}",
        "2,other",
        f"1,{text}",
        f"3,{text.replace('lazy', 'Lazy')}!",
        "2,another",
    ]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    add_files(workspace, "rows", tmp_path / "rows.csv")
    found = duplicate_rows(workspace, "rows")
    assert (found.groups, found.extra, found.rows) == ([[0, 2]], 1, 5)
    assert duplicate_rows(workspace, "rows", ["id"]).groups == [[0, 2], [1, 4]]
    assert duplicate_rows(workspace, "rows", ["text"], near=True).groups == [[0, 2, 3]]
    for columns, near in ((["nope"], False), ([], True), (["id"], True)):
        with pytest.raises(InvalidInput):
            duplicate_rows(workspace, "rows", columns, near=near)
