"""Any two tables are compared, column by column."""

import json
import re
import sys

import numpy as np
import polars as pl
import pytest

from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.comparing import compare_tables
from meguru.monitoring.comparison_report import comparison_html

N = 3000


def table(seed, shift=0.0, shares=(0.4, 0.3, 0.2, 0.1), **more):
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "x": draw.normal(shift, size=N),
            "code": draw.choice([1, 2, 3, 4], N, p=shares),
            "word": draw.choice(list("abcd"), N, p=shares),
            "flag": draw.random(N) < shares[0],
            "at": pl.Series([f"2020-01-{1 + seed:02d}"] * N).str.to_date(),
        }
        | more
    )


def by_name(comparison):
    return {each.column: each for each in comparison.columns}


def test_nothing_drifts_between_two_samples_of_the_same():
    found = compare_tables(table(0), table(1))
    assert found.drifted == []
    tests = {each.column: each.test for each in found.columns}
    assert tests == {"x": "ks", "code": "chi_square", "word": "chi_square", "flag": "chi_square", "at": ""}


def test_what_moved_is_told_and_what_did_not_is_not():
    moved = (0.3, 0.3, 0.2, 0.2)
    now = table(1, shift=0.3).with_columns(word=table(2, shares=moved)["word"])
    found = compare_tables(table(0), now)
    assert found.drifted == ["x", "word"]


def test_a_column_that_is_not_there_or_is_something_else_is_told():
    found = by_name(compare_tables(table(0, gone=[1] * N), table(1, word=[1.5] * N, new=[1] * N)))
    assert found["gone"].says == "only in reference"
    assert found["new"].says == "only in current"
    assert found["word"].says == "category in reference, number in current"
    assert all(found[name].drifted and found[name].test == "schema" for name in ("gone", "new", "word"))


@pytest.mark.parametrize("lost", [None, float("nan"), float("inf")])
def test_values_that_went_missing_are_told(lost):
    now = table(1)
    now = now.with_columns(x=pl.Series([lost] * 600 + now["x"].to_list()[600:], dtype=pl.Float64))
    (x,) = [each for each in compare_tables(table(0), now).columns if each.column == "x"]
    assert (x.drifted, x.nulls_current, x.test) == (True, 0.2, "ks")
    assert x.p_value > 0.01
    assert x.says == "missing in 0.0% of the reference and 20.0% now"


def test_columns_without_a_value_and_with_one_value_are_no_fault():
    found = by_name(
        compare_tables(
            pl.DataFrame({"empty": [None, None], "constant": [1.0, 1.0], "list": [[1], [2]]}),
            pl.DataFrame({"empty": [None, None], "constant": [1.0, 1.0], "list": [[1], [3]]}),
        )
    )
    assert found["empty"].says == found["list"].says == "nothing to compare"
    assert (found["constant"].effect, found["constant"].drifted) == (0, False)


@pytest.mark.parametrize("test", ["wasserstein", "jensen_shannon", "psi", "chi_square", "ks"])
def test_one_test_may_be_asked_for(test):
    found = by_name(compare_tables(table(0), table(1, shift=1.0), test=test))
    assert found["x"].drifted
    assert found["x"].test == ("ks" if test == "chi_square" else test)
    assert found["word"].test == ("chi_square" if test in {"ks", "wasserstein"} else test)


def test_wrong_input_is_refused():
    with pytest.raises(NotFound, match="no drift test 'kss'"):
        compare_tables(table(0), table(1), test="kss")
    with pytest.raises(InvalidInput, match="level"):
        compare_tables(table(0), table(1), level=2.0)
    with pytest.raises(InvalidInput, match="current has no rows"):
        compare_tables(table(0), table(1).head(0))


def test_the_report_is_one_file_with_both_distributions():
    before, after = table(0), table(1, shift=1.0).rename({"word": "<script>word"})
    page = comparison_html(compare_tables(before, after, names=("then", "<b>")), before, after)
    assert "<script>" not in page
    assert "3 of 6 columns drifted" in page
    assert len(re.findall("<svg", page)) == 4
    assert not re.findall(r'(?:src|href)="', page)
    assert len(page) < 50_000


def test_files_are_compared_from_the_command_line(tmp_path, monkeypatch, capsys):
    table(0).write_csv(tmp_path / "then.csv")
    table(1, shift=1.0).write_parquet(tmp_path / "now.parquet")
    monkeypatch.chdir(tmp_path)

    def call(line):
        monkeypatch.setattr(sys, "argv", ["meguru", "monitor", "compare", *line.split()])
        return run(root), capsys.readouterr()

    code, said = call("then.csv now.parquet --json --html r.html")
    rows = {each["column"]: each for each in json.loads(said.out)["columns"]}
    assert (code, rows["x"]["drifted"], rows["word"]["drifted"]) == (0, True, False)
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    code, said = call("then.csv gone.csv")
    assert code != 0
    assert "there is no file 'gone.csv'" in said.err
