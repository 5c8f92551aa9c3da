"""The example of mortgages: what its table tells, and what its folder may be."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.demo.mortgages import data
from meguru.demo.mortgages.play import play
from meguru.errors import Conflict, NotFound


def test_the_group_is_in_no_model(tmp_path):
    rows = data.table()
    assert rows.height == 214_144
    assert data.GROUP not in data.FEATURES
    assert rows[data.KEY].is_unique().all()
    learnt, held = data.split(rows)
    assert learnt.height + held.height == rows.height
    owners = rows.group_by(data.GROUP).agg(pl.col(data.LABEL).mean()).sort(data.GROUP)[data.LABEL]
    assert [round(each, 3) for each in owners] == [0.425, 0.185]


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Conflict, match="no such demo made it"):
        play(tmp_path, "", lambda _: None)
    with pytest.raises(NotFound, match="no chapter 'revusal'"):
        play(tmp_path / "new", "revusal", lambda _: None)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]
