"""Views and services as people declare them: versions, who reads them, and the training sets they give."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.app import calls
from meguru.datasets.client import add_files
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.features.client import check, get_historical_features, open_features, remade, training
from meguru.features.kind import FeatureViewSpec
from meguru.features.offline import compute, incremental
from meguru.features.on_demand.compute import computed
from meguru.features.types import ViewDefinition


def version(ws, name="weather"):
    return calls.feature_view_show(ws, ref=name).version


def test_one_row_comes_out_for_one_that_goes_in(folder, flights):
    ws = folder.apply().ws
    made = training(ws, flights, "delay", time="at", statuses=True)
    assert made.frame.select(flights.columns).equals(flights)
    assert made.frame["temp"].to_list() == [1.0, 5.0, None, None, None]
    assert made.frame["warm"].to_list() == [False, True, None, None, None]
    assert made.frame["year"].to_list() == [2000, 2010, None, None, 2000]
    assert made.frame["load"].to_list() == [1000.0, 4000.0, None, None, 5000.0]
    assert made.frame["weather__status"].to_list() == [
        "PRESENT",
        "PRESENT",
        "OUTSIDE_MAX_AGE",
        "NOT_FOUND",
        "NOT_FOUND",
    ]


def test_the_record_makes_the_same_rows_again(folder, flights):
    ws = folder.apply().ws
    made = training(ws, flights, "delay", time="at")
    folder.write("obs.csv", "origin,at,temp\nJFK,2013-01-01T00:30:00Z,99.0\n")
    folder.apply()
    assert training(ws, flights, "delay", time="at").frame["temp"][0] == 99.0
    again = remade(ws, made.chosen, flights, time="at")
    assert again.record == made.record
    assert list(made.record["datasets"]) == ["dataset/obs@1", "dataset/planes@1"]
    assert list(made.record["views"]) == [
        "feature_view/weather@1",
        "feature_view/plane@1",
        "feature_view/load@1",
    ]


def test_any_table_will_do(folder, flights):
    ws = folder.apply().ws
    for given in (flights.to_pandas(), flights.to_arrow(), flights.lazy(), flights.to_dict(as_series=False)):
        made = training(ws, given, "weather", time="at").frame
        assert made["temp"].to_list() == [1.0, 5.0, None, None, None]
    with pytest.raises(InvalidInput, match="int is no table"):
        training(ws, 7, "weather", time="at")


def test_it_is_called_as_in_feast(folder, flights):
    ws = folder.apply().ws
    asked = flights.rename({"at": "event_timestamp"})
    made = get_historical_features(ws, asked, ["weather:temp", "plane:year"])
    assert list(made.to_df().columns) == [*asked.columns, "temp", "year"]


def test_what_it_says_of_itself_makes_no_version_and_what_it_computes_does(folder):
    ws = folder.apply().ws
    folder.edit("features.py", "ann", "bob")
    folder.edit("features.py", "def weather", "# a comment\ndef weather")
    folder.apply()
    assert (version(ws), calls.feature_view_list(ws)[2].owner) == (1, "bob")
    folder.edit("features.py", "> 2", "> 4")
    folder.apply()
    assert version(ws) == 2
    assert version(ws, "load") == 1
    (change,) = calls.feature_view_diff(ws, before="weather@1", after="weather@2").fields
    assert change.field == "code"
    folder.edit("features.py", "> 4", "> 2")
    folder.apply()
    assert version(ws) == 1
    assert len(calls.feature_view_versions(ws, name="weather")) == 2


def test_a_service_follows_its_views_unless_it_names_a_version(folder, flights):
    ws = folder.apply().ws
    folder.write(
        "meguru.toml",
        (folder.root / "meguru.toml").read_text() + '[feature_service.old]\nviews = ["weather@1"]\n',
    )
    folder.apply()
    folder.edit("features.py", "> 2", "> 4")
    folder.apply()
    assert calls.feature_service_show(ws, ref="delay").members[0].view == "feature_view/weather@2"
    assert calls.feature_service_show(ws, ref="delay").version == 2
    assert calls.feature_service_show(ws, ref="old").version == 1
    assert training(ws, flights, "delay@1", time="at").chosen.views[0].ref == "feature_view/weather@1"


def test_a_plan_says_who_reads_what_would_change(folder):
    folder.apply()
    folder.edit("features.py", "> 2", "> 4")
    (told,) = folder.plan()["feature_view/weather"].touches
    assert told == "feature_service/delay read it, and get a next version with it"
    folder.edit("features.py", "> 4", "> 2")
    folder.edit("features.py", "ann", "bob")
    assert folder.plan()["feature_view/weather"].touches == []


def test_features_are_known_before_they_are_computed(folder, flights):
    ws = folder.apply().ws
    assert calls.feature_view_show(ws, ref="weather").features == {"temp": "Float64", "warm": "Boolean"}
    assert calls.feature_view_show(ws, ref="plane").features == {"year": "Int64", "seats": "Int64"}
    training(ws, flights, "delay", time="at")
    (rows,) = calls.feature_view_rows(ws, ref="weather")
    assert (rows.rows, rows.keys, rows.dropped, rows.datasets) == (3, 2, 0, ["dataset/obs@1"])
    assert rows.newest.isoformat() == "2013-01-01T02:00:00+00:00"
    assert ws.blobs.has(rows.profile)


def test_a_query_is_a_view_and_may_read_nothing_else(folder, flights):
    said = """
    [feature_view.warmest]
    entity = "origin"
    source = "obs"
    sql = "SELECT origin, MAX(temp) AS top FROM obs GROUP BY origin"
    """
    folder.write("meguru.toml", (folder.root / "meguru.toml").read_text() + said)
    ws = folder.apply().ws
    assert calls.feature_view_show(ws, ref="warmest").features == {"top": "Float64"}
    assert training(ws, flights, "warmest").frame["top"].to_list() == [3.0, 5.0, 3.0, None, None]
    folder.edit("meguru.toml", "FROM obs", "FROM read_csv('/etc/passwd')")
    with pytest.raises(InvalidInput, match="a query reads the sources alone"):
        folder.apply()


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ('source="obs"', 'source="obss"', InvalidInput, "there is no dataset 'obss'"),
        ('ttl="3h"', 'ttl="3 hours"', InvalidInput, "no length of time"),
        ('time="at", ', "", InvalidInput, "the view has no time"),
        ("views=[weather,", 'views=["weathre",', InvalidInput, "there is no feature view 'weathre'"),
        ('plane["year"]', 'plane["yaer"]', InvalidInput, "no feature 'yaer'"),
        ('"Float64"}, f', '"Float65"}, f', InvalidInput, "'Float65' is no type"),
        ("import polars as pl\n", "import polars as pl\n1/0\n", InvalidInput, "stopped with an error"),
    ],
)
def test_what_can_not_be_is_refused_with_its_place(folder, old, new, error, match):
    folder.edit("features.py", old, new)
    with pytest.raises(error, match=match) as refused:
        folder.apply()
    assert "features.py:" in refused.value.where


def test_what_is_read_is_not_taken_away(folder):
    ws = folder.apply().ws
    with pytest.raises(Conflict, match="in use"):
        calls.feature_view_retire(ws, name="weather")
    with pytest.raises(Conflict, match="in use"):
        calls.entity_retire(ws, name="origin")
    folder.edit("features.py", 'key="origin"', 'key="airport"')
    with pytest.raises(InvalidInput, match="has the key origin"):
        folder.apply()


def test_a_value_from_the_future_is_found(folder, flights):
    ws = folder.apply().ws
    made = training(ws, flights, "weather", time="at")
    assert not check(ws, made.frame, "weather", time="at").leaks
    leaky = made.frame.with_columns(temp=pl.Series([3.0, 5.0, 3.0, None, None]))
    found = check(ws, leaky, "weather", time="at").columns[0]
    assert (found.same, found.future, found.stale, found.other) == (3, 1, 1, 0)
    assert found.examples == [0]


def test_names_that_meet_are_refused_or_written_in_full(folder, flights):
    ws = folder.apply().ws
    taken = flights.with_columns(temp=pl.lit(1))
    with pytest.raises(InvalidInput, match="a column 'temp' already"):
        training(ws, taken, "weather", time="at")
    folder.edit("features.py", "load])", "load], full_names=True)")
    folder.apply()
    assert "weather__temp" in training(ws, taken, "delay", time="at").frame.columns


def test_a_key_may_have_another_name_in_the_rows(folder, flights):
    ws = folder.apply().ws
    asked = flights.rename({"origin": "dest"})
    made = training(ws, asked, "weather", time="at", on={"origin": "dest"})
    assert made.frame["temp"].to_list()[:2] == [1.0, 5.0]
    with pytest.raises(InvalidInput, match="no column 'origin'"):
        training(ws, asked, "weather", time="at")


def test_what_is_not_there_is_told_by_name(folder):
    ws = folder.apply().ws
    with pytest.raises(NotFound, match="'wether'") as refused:
        open_features(ws, "wether")
    assert "weather" in refused.value.hint


def test_an_empty_frame_has_the_columns(folder, flights):
    ws = folder.apply().ws
    made = training(ws, flights.head(0), "delay", time="at")
    assert made.frame.height == 0
    assert {"temp", "warm", "year", "load"} <= set(made.frame.columns)


def test_what_changed_in_the_code_is_shown(folder):
    ws = folder.apply().ws
    folder.edit("features.py", "> 2", "> 4")
    folder.apply()
    found = calls.feature_view_diff(ws, before="weather@1", after="weather@2")
    assert [line for line in found.code if line[:1] in "+-" and line[1:2] == " " and len(line) > 20] == [
        '-    return obs.with_columns(warm=pl.col("temp") > 2)',
        '+    return obs.with_columns(warm=pl.col("temp") > 4)',
    ]
    assert calls.feature_view_diff(ws, before="weather@1", after="weather@1").code == []


def test_nothing_is_known_of_what_nobody_pushed_yet(folder, flights):
    said = """
    [feature_view.gusts]
    entity = "origin"
    push = true
    time = "at"
    features = { gust = "Float64" }
    """
    folder.write("meguru.toml", (folder.root / "meguru.toml").read_text() + said)
    ws = folder.apply().ws
    made = training(ws, flights, "gusts", time="at", statuses=True).frame
    assert (made["gust"].null_count(), made["gusts__status"].unique().to_list()) == (5, ["NOT_FOUND"])
    rows = {"origin": ["JFK", "JFK"], "gust": [9.0, 5.0]}
    times = {
        "at": ["2013-01-01T00:00:00Z", "2013-01-01T00:30:00Z"],
        "pushed_at": [None, "2013-01-01T02:00:00Z"],
    }
    file = folder.root / "gusts.parquet"
    moments = pl.col("at", "pushed_at").str.to_datetime(time_zone="UTC")
    pl.DataFrame(rows | times).with_columns(moments).write_parquet(file)
    add_files(ws, "gusts", file)
    assert training(ws, flights, "gusts", time="at").frame["gust"].to_list() == [9.0, None, 5.0, None, None]


def test_only_files_that_are_new_are_computed_when_each_row_stands_alone(folder, flights, tmp_path):
    calls_of = tmp_path / "calls"
    noted = f"    with open({str(calls_of)!r}, 'a') as f: f.write(f'{{obs.height}} ')\n    return obs.with"
    folder.edit("features.py", "    return obs.with", noted)
    folder.edit("features.py", 'owner="ann"', "incremental=True")
    ws = folder.apply().ws
    calls_of.write_text("")
    training(ws, flights, "weather", time="at")
    folder.write("more.csv", "origin,at,temp\nEWR,2013-01-01T00:00:00Z,7.0\n")
    add_files(ws, "obs", folder.root / "more.csv", mode="append")
    training(ws, flights, "weather", time="at")
    assert calls_of.read_text().split() == ["3", "1"]
    whole = open_features(ws, "weather").chosen.views[0]
    assert incremental.rows_of(ws.blobs, whole, tmp_path).equals(compute.rows_of(ws.blobs, whole, tmp_path))


def test_what_looks_at_other_rows_is_not_incremental(folder):
    folder.edit("features.py", 'pl.col("temp") > 2', 'pl.col("temp") > pl.col("temp").mean()')
    folder.edit("features.py", 'owner="ann"', "incremental=True")
    with pytest.raises(InvalidInput, match="looks at more than each row") as refused:
        folder.apply()
    assert "features.py:" in refused.value.where


def test_how_far_values_moved_is_told_with_the_rows(folder, flights):
    ws = folder.apply().ws
    lines = [f"JFK,2013-01-01T00:00:{number:02d}Z,{number}" for number in range(60)]
    folder.write("obs.csv", "\n".join(["origin,at,temp", *lines]) + "\n")
    folder.apply()
    training(ws, flights, "weather", time="at")
    folder.write(
        "obs.csv", "\n".join(["origin,at,temp", *lines]).replace(",2013-01-01T00", ",2013-01-02T00") + "\n"
    )
    folder.apply()
    training(ws, flights, "weather", time="at")
    folder.edit("obs.csv", ",59", ",9959")
    for number in range(20, 59):
        folder.edit("obs.csv", f"Z,{number}\n", f"Z,9{number}\n")
    folder.apply()
    training(ws, flights, "weather", time="at")
    found = [each.drift for each in calls.feature_view_rows(ws, ref="weather")]
    assert [each.get("temp", -1) > 0.2 for each in found] == [True, False, False]
    assert (found[1]["temp"], found[2]) == (0.0, {})


def test_views_are_found_by_their_features(folder):
    ws = folder.apply().ws
    assert [each.ref for each in calls.catalogue_find(ws, text="warm").items] == ["feature_view/weather"]


def test_a_default_stands_in_where_nothing_was_known(folder, flights):
    folder.edit("features.py", 'owner="ann"', 'defaults={"temp": 0, "warm": False}')
    folder.edit("features.py", 'inputs=[plane["seats"]]', 'inputs=[plane["seats"], weather["temp"]]')
    folder.edit("features.py", 'row["seats"] *', 'row["temp"] *')
    ws = folder.apply().ws
    made = training(ws, flights, "delay", time="at").frame
    assert made["temp"].to_list() == [1.0, 5.0, 0.0, 0.0, 0.0]
    assert made["warm"].to_list() == [False, True, False, False, False]
    assert made["load"].to_list() == [10.0, 100.0, None, None, 0.0]
    folder.edit("features.py", '"temp": 0', '"temp": "warm"')
    folder.apply()
    with pytest.raises(InvalidInput, match="'warm' is no default"):
        training(ws, flights, "weather", time="at")


def test_a_question_that_is_not_one_is_refused(folder, flights):
    ws = folder.apply().ws
    for said, match in (
        ({}, "hold from a time on"),
        ({"time": "km"}, "'km' of the frame is Float64"),
        ({"time": "when"}, "no column 'when'"),
        ({"time": "at", "on": {"orign": "origin"}}, "no view has the key 'orign'"),
    ):
        with pytest.raises(InvalidInput, match=match):
            training(ws, flights, "weather", **said)


def test_personal_columns_follow_their_tags(folder, flights):
    said = '\n[dataset.planes.columns]\nyear = { tags = ["pii"] }\n'
    folder.write("meguru.toml", (folder.root / "meguru.toml").read_text() + said)
    ws = folder.apply().ws
    assert calls.feature_view_tags(ws, ref="plane") == {"year": ["pii"]}
    masked = training(ws, flights, "plane").frame["year"].unique().to_list()
    assert 2000 not in masked
    seen = training(ws, flights, "plane", clear="a customer asked").frame["year"].to_list()
    assert seen == [2000, 2010, None, None, 2000]
    assert "dataset_version.seen_in_clear" in {each.type for each in calls.event_list(ws).items}
    assert calls.feature_view_show(ws, ref="plane").features["year"] == "Int64"
    folder.edit("meguru.toml", "year = {", "tailnum = {")
    folder.apply()
    with pytest.raises(InvalidInput, match="'tailnum' of feature_view/plane@1 is a personal column"):
        training(ws, flights, "plane")


def test_another_choice_of_features_is_computed_anew(folder, flights):
    ws = folder.apply().ws
    for features in (["seats"], ["year", "seats"]):
        named = dict.fromkeys(features, "Int64")
        calls.feature_view_declare(
            ws, name="some", spec=FeatureViewSpec(entities=["tail"], sources={"p": "planes"}, features=named)
        )
        made = training(ws, flights, "some").frame
        assert set(features) <= set(made.columns)
        assert made["seats"].drop_nulls().unique().sort().to_list() == [100, 200]


@pytest.mark.parametrize("reader", ['"read_csv"', "read_csv/**/", "`READ_CSV`"])
def test_a_query_reads_no_file_however_the_reader_is_spelled(reader, tmp_path):
    (file := tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(InvalidInput, match="a query reads the sources alone"):
        compute.queried(f"SELECT * FROM {reader}('{file}')", {"obs": pl.DataFrame({"x": [1]})}, "it")


def test_a_query_that_can_not_be_read_says_so():
    with pytest.raises(InvalidInput) as told:
        compute.queried("SELECT 'a FROM obs", {"obs": pl.DataFrame({"x": [1]})}, "it")
    assert "can't be read" in told.value.why


@pytest.mark.parametrize(
    "work",
    [
        lambda rows: compute.queried("SELECT CAST(mail AS INT) FROM obs", {"obs": rows}, "it"),
        lambda rows: compute.called(lambda obs: obs.cast(pl.Int32), {"obs": rows}, "it"),
        lambda rows: compute.called(
            lambda obs: obs.select(pl.col("mail").str.to_integer()), {"obs": rows}, "it"
        ),
        lambda rows: compute._typed(rows["mail"], "Int32", "it"),
        lambda rows: computed(lambda obs: obs.cast(pl.Int32), rows, ViewDefinition(mode="frame"), "it"),
    ],
)
def test_no_value_of_a_row_is_told_when_a_view_can_not_be_computed(work):
    with pytest.raises(InvalidInput) as told:
        work(pl.DataFrame({"mail": ["anna@example.org"]}))
    assert "failed" in told.value.why
    assert "anna" not in f"{told.value.what} {told.value.why}"


def test_a_part_that_was_cut_short_is_computed_again(folder, flights, tmp_path):
    folder.edit("features.py", 'owner="ann"', "incremental=True")
    ws = folder.apply().ws
    whole = open_features(ws, "weather").chosen.views[0]
    first = incremental.rows_of(ws.blobs, whole, tmp_path)
    (part,) = (tmp_path / "rows").glob("part-*/part.arrow")
    part.write_bytes(part.read_bytes()[:100])
    assert incremental.rows_of(ws.blobs, whole, tmp_path).equals(first)
