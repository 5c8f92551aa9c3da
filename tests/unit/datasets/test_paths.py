from __future__ import annotations

import pytest

from meguru.datasets.paths import expand, format_of
from meguru.errors import InvalidInput


def test_the_format_comes_from_the_name():
    assert [format_of(name, field="f") for name in ("a.CSV", "a.csv.gz", "b.parquet", "c.jsonl")] == [
        "csv",
        "csv",
        "parquet",
        "json",
    ]
    with pytest.raises(InvalidInput, match="not known"):
        format_of("a.png", field="f")


def test_a_folder_gives_its_files_by_their_place_in_it(tmp_path):
    (tmp_path / "2013").mkdir()
    (tmp_path / "2013" / "02.csv").write_text("a\n1\n")
    (tmp_path / "01.csv").write_text("a\n1\n")
    assert [name for name, _ in expand([tmp_path])] == ["01.csv", "2013/02.csv"]


def test_two_files_with_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text("a\n1\n")
    with pytest.raises(InvalidInput, match="same name"):
        expand([tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"])


def test_a_missing_and_an_empty_file_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="there is no file"):
        expand([tmp_path / "none.csv"])
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InvalidInput, match="is empty"):
        expand([tmp_path / "empty.csv"])
