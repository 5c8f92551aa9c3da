"""Any two tables are compared, column by column."""

import json
import re
import sys

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.comparing.compare import compare_tables
from meguru.monitoring.comparing.report import comparison_html

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
    assert tests == {"x": "ks", "code": "chi_square", "word": "chi_square", "flag": "chi_square", "at": "ks"}
    assert found.notes == {"at": "compared as seconds; time goes on: the median is 1.0 days later"}


def test_what_moved_is_told_and_what_did_not_is_not():
    moved = (0.3, 0.3, 0.2, 0.2)
    now = table(1, shift=0.3).with_columns(word=table(2, shares=moved)["word"])
    found = compare_tables(table(0), now)
    assert found.drifted == ["x", "word"]


def test_a_column_that_is_not_there_or_is_something_else_is_told():
    made = compare_tables(table(0, gone=[1] * N), table(1, word=[1.5] * N, new=[1] * N))
    found = by_name(made)
    assert made.notes["gone"] == "only in reference"
    assert made.notes["new"] == "only in current"
    assert made.notes["word"] == "category in reference, number in current"
    assert all(found[name].drifted and found[name].test == "schema" for name in ("gone", "new", "word"))


@pytest.mark.parametrize("lost", [None, float("nan"), float("inf")])
def test_values_that_went_missing_are_told(lost):
    now = table(1)
    now = now.with_columns(x=pl.Series([lost] * 600 + now["x"].to_list()[600:], dtype=pl.Float64))
    found = compare_tables(table(0), now)
    x = by_name(found)["x"]
    assert (x.drifted, x.statistic, x.test) == (True, 0.2, "nulls")
    assert found.notes["x"] == "missing in 0.0% of the reference and 20.0% now"


@pytest.mark.parametrize("rows", [20, 100, 1000])
def test_values_that_went_missing_are_told_of_few_rows_beside_very_many(rows):
    values = np.random.default_rng(0).normal(size=200_000)
    gone = pl.DataFrame({"x": [None] * (rows // 4) + values[rows // 4 : rows].tolist()})
    for sides in ((pl.DataFrame({"x": values}), gone), (gone, pl.DataFrame({"x": values}))):
        (found,) = compare_tables(*sides).columns
        assert (found.drifted, found.test) == (True, "nulls")
    one = pl.DataFrame({"x": [None, *values[1:rows].tolist()]})
    assert compare_tables(one, one.reverse()).drifted == []


def test_columns_without_a_value_and_with_one_value_are_no_fault():
    one = pl.DataFrame({"empty": [None, None], "constant": [1.0, 1.0], "list": [["a"], ["b"]], "x": [0.5, 1]})
    made = compare_tables(one, one.with_columns(list=pl.Series([["a"], ["c"]])))
    found = by_name(made)
    assert made.notes["empty"] == "nothing to compare"
    assert made.notes["list"] == "values of List(String) are not compared"
    assert (found["constant"].effect, found["constant"].drifted, made.drifted) == (0, False, [])
    assert compare_tables(one.head(1), one.head(1)).drifted == []


def test_moments_that_went_back_have_drifted_and_later_ones_have_not():
    def at(first):
        days = pl.Series(np.random.default_rng(first).integers(0, 30, 500) + first)
        return pl.DataFrame({"at": days.cast(pl.Date), "now": (days * 86_400_000_000).cast(pl.Datetime)})

    assert compare_tables(at(20_000), at(20_030)).drifted == []
    assert compare_tables(at(20_000), at(20_001)).drifted == []
    assert compare_tables(at(20_000), at(0)).drifted == ["at", "now"]


def test_texts_are_compared_by_what_they_are_made_of():
    def notes(seed, words, n=400):
        draw = np.random.default_rng(seed)
        return pl.DataFrame({"note": [" ".join(draw.choice(words, 12)) for _ in range(n)]})

    kind, cross = "thanks for the quick and friendly help".split(), "broken late again".split()  # noqa: SIM905
    same = compare_tables(notes(0, kind), notes(1, kind))
    other = compare_tables(notes(0, kind), notes(1, [*kind, *cross]))
    assert [(each.test, each.drifted) for each in (*same.columns, *other.columns)] == [
        ("mmd", False),
        ("mmd", True),
    ]
    assert compare_tables(notes(0, list("日本語の文章")), notes(1, list("日本語の文章"))).drifted == []


def test_vectors_are_compared_in_all_dimensions():
    draw = np.random.default_rng(0)
    rows = [
        pl.DataFrame({"v": (draw.normal(size=(300, 4)) + shift).tolist()}) for shift in (0, 0, [0, 0, 1, 0])
    ]
    assert compare_tables(rows[0], rows[1]).drifted == []
    assert compare_tables(rows[0], rows[2]).drifted == ["v"]
    ragged = compare_tables(rows[0], pl.DataFrame({"v": [[1.0], [1.0, 2.0]]}))
    assert ragged.notes == {"v": "lists are compared where all are finite numbers of one length"}


def test_decimals_durations_and_times_of_day_are_numbers():
    draw = np.random.default_rng(0)
    made = pl.DataFrame({"x": draw.integers(0, 10_000, 500)})
    made = made.select(
        money=(pl.col("x") / 100).cast(pl.Decimal(10, 2)),
        took=pl.duration(seconds="x"),
        at=pl.time(pl.col("x") // 500, 30),
    )
    found = compare_tables(made, made.with_columns(took=pl.col("took") * 2, money=pl.col("money") + 20))
    assert {each.column: (each.test, each.drifted) for each in found.columns} == {
        "money": ("ks", True),
        "took": ("ks", True),
        "at": ("ks", False),
    }
    (again,) = compare_tables(made.select("money"), made.select(pl.col("money").cast(pl.Float64))).columns
    assert (again.statistic, again.drifted) == (0, False)


def test_names_of_categories_are_numbers_where_few_repeat():
    draw = np.random.default_rng(0)
    made = [pl.DataFrame({"x": draw.integers(0, 3, 500)}) for _ in range(2)]
    floats = made[1].with_columns(pl.col("x").cast(pl.Float64))
    (found,) = compare_tables(made[0], floats).columns
    assert (found.test, found.drifted) == ("chi_square", False)
    (ordered,) = compare_tables(*made, test="ks").columns
    assert ordered.test == "ks"


ODD = pl.DataFrame(
    {
        "int": range(40),
        "huge": [1e308, -1e308] * 20,
        "nan": [float("nan")] * 40,
        "infinite": [float("inf"), float("-inf")] * 20,
        "null": [None] * 40,
        "flag": [True, False] * 20,
        "empty": [""] * 40,
        "id": [f"id-{place}" for place in range(40)],
        "text": [f"a text of {place} words or so" for place in range(40)],
        "category": pl.Series(["a", "b"] * 20, dtype=pl.Categorical),
        "day": pl.Series(range(40)).cast(pl.Date),
        "moment": pl.Series(range(40)).cast(pl.Datetime("us", "UTC")),
        "took": pl.Series(range(40)).cast(pl.Duration),
        "bytes": [b"\xff"] * 40,
        "vector": [[1.0, 2.0]] * 40,
        "ragged": [[1], [1, 2]] * 20,
        "struct": [{"a": 1}] * 40,
    }
)


def test_whatever_columns_hold_they_are_compared_or_it_is_said_why_not():
    whole = compare_tables(ODD, ODD, joint="mmd")
    assert whole.drifted == []
    assert not whole.joint.drifted
    turned = ODD.rename(dict(zip(ODD.columns, [*ODD.columns[1:], ODD.columns[0]], strict=True)))
    for other in (turned, ODD.head(1), turned.head(9)):
        found = compare_tables(ODD, other)
        for each in json.loads(msgspec.json.encode(found))["columns"]:
            numbers = {each["statistic"], each["effect"], each["p_value"]}
            assert (None in numbers) == (each["test"] in {"", "schema"}), each
        assert comparison_html(found, ODD, other)


@pytest.mark.parametrize("joint", ["mmd", "energy", "domain_classifier"])
def test_all_columns_are_compared_together_if_asked(joint):
    def of(seed, together):
        draw = np.random.default_rng(seed)
        x = draw.normal(size=1500)
        return pl.DataFrame(
            {"x": x, "y": x if together else draw.normal(size=1500), "z": draw.normal(size=1500)}
        )

    moved = compare_tables(of(0, together=True), of(1, together=False), joint=joint)
    assert (moved.drifted, moved.joint.drifted) == ([], True)
    assert not compare_tables(of(0, together=True), of(1, together=True), joint=joint).joint.drifted
    if joint == "domain_classifier":
        assert set(list(moved.joint.telling)[:2]) == {"x", "y"}


@pytest.mark.parametrize(
    "test", ["wasserstein", "jensen_shannon", "psi", "chi_square", "ks", "mmd", "energy"]
)
def test_one_test_may_be_asked_for(test):
    found = by_name(compare_tables(table(0), table(1, shift=1.0), test=test))
    assert found["x"].drifted
    assert found["x"].test == ("ks" if test == "chi_square" else test)
    assert found["word"].test == ("chi_square" if test in {"ks", "wasserstein"} else test)
    assert not found["word"].drifted


def test_wrong_input_is_refused():
    with pytest.raises(NotFound, match="no drift test 'kss'"):
        compare_tables(table(0), table(1), test="kss")
    with pytest.raises(NotFound, match="no joint drift test 'ks'"):
        compare_tables(table(0), table(1), joint="ks")
    with pytest.raises(InvalidInput, match="current has no columns"):
        compare_tables(table(0), pl.DataFrame())
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
    assert all(
        set(each) == {"column", "test", "statistic", "p_value", "effect", "drifted"} for each in rows.values()
    )
    with pytest.raises(SystemExit, match="1"):
        call("then.csv now.parquet --exit-code")
    assert call("then.csv then.csv --exit-code")[0] == 0
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("x,word\n")
    (tmp_path / "folder").mkdir()
    for given, why in (
        ("gone.csv", "there is no file 'gone.csv'"),
        ("empty.csv", "empty.csv is empty"),
        ("header.csv", "header.csv"),
        ("folder", "'folder' is a folder"),
    ):
        code, said = call(f"then.csv {given}")
        assert code != 0
        assert why in said.err
