"""Outcomes become data: each prediction once, as it counts at a moment, with where it came from."""

from __future__ import annotations

import pytest

from meguru.collections.operations import collect
from meguru.datasets.client import add_files, frame
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.predictions.operations import exclude, readmit


def collected(workspace, **given):
    return collect(workspace, endpoint="delay", dataset="truth", label="late", **given)


def rows(workspace, ref="truth@latest"):
    found = frame(workspace, ref)
    return dict(zip(found["prediction_id"], found["late"], strict=True))


def test_predictions_with_outcomes_become_rows_with_the_inputs_that_were_asked(workspace, answered, happened):
    first, second = answered(), answered(3, day=1, carrier="UA", model="model/delay@2")
    happened([first[1], *second[:2]])
    done = collected(workspace)
    assert (done.version, done.outcomes, done.changes) == ("dataset/truth@1", 3, 3)
    found = frame(workspace, "truth@1")
    assert found.columns == ["hour", "carrier", "late", "event_time", "prediction_id"]
    assert found.drop("event_time").rows() == [
        (1, "AA", 1.0, first[1]),
        (0, "UA", 1.0, second[0]),
        (1, "UA", 1.0, second[1]),
    ]
    with workspace.read() as tx:
        event = events.latest(tx, subject="dataset/truth@1", types=("outcomes.collected",))
    assert (event.data["first_day"], event.data["last_day"]) == ("2026-03-01", "2026-03-02")
    assert event.data["models"] == ["model/delay@1", "model/delay@2"]


def test_without_news_there_is_no_new_version_and_corrections_are_in_the_next(workspace, answered, happened):
    first, second = answered(), answered(day=1)
    happened([*first, *second])
    collected(workspace)
    assert (collected(workspace).version, collected(workspace).changes) == ("dataset/truth@1", 0)
    happened(first)  # the same again
    assert collected(workspace).changes == 0
    happened(first[:1], value=0.0)
    done = collected(workspace)
    assert (done.version, done.outcomes, done.changes) == ("dataset/truth@2", 4, 1)
    assert rows(workspace) == {first[0]: 0.0, first[1]: 1.0, second[0]: 1.0, second[1]: 1.0}
    assert set(rows(workspace, "truth@1").values()) == {1.0}


def test_what_is_excluded_stays_out_until_it_is_readmitted(workspace, answered, happened):
    predictions = answered()
    happened(predictions)
    collected(workspace)
    assert exclude(workspace, endpoint="delay", predictions=predictions[:1], why="a test client") == 1
    assert exclude(workspace, endpoint="delay", predictions=predictions[:1], why="a test client") == 0
    assert collected(workspace).version == "dataset/truth@2"
    assert [*rows(workspace)] == predictions[1:]
    happened(predictions[:1], value=0.0)  # corrected, and still out
    collected(workspace)
    assert [*rows(workspace)] == predictions[1:]
    assert readmit(workspace, endpoint="delay", predictions=predictions) == 1
    collected(workspace)
    assert rows(workspace) == dict(zip(predictions, (0.0, 1.0), strict=True))


def test_only_rows_with_some_values_and_another_filter_starts_anew(workspace, answered, happened):
    american, united = answered(), answered(day=1, carrier="UA")
    happened([*american, *united])
    assert collected(workspace, only={"carrier": "UA"}).outcomes == 2
    assert [*rows(workspace)] == united
    assert collected(workspace, only={"carrier": ["UA", "AA"], "hour": 0}).outcomes == 2
    assert [*rows(workspace)] == [american[0], united[0]]
    with pytest.raises(InvalidInput) as caught:
        collected(workspace, only={"carier": "UA"})
    assert (caught.value.field, "carrier" in caught.value.hint) == ("only.carier", True)


def test_what_else_is_in_the_dataset_stays(workspace, answered, happened, tmp_path):
    happened(answered())
    collected(workspace)
    frame(workspace, "truth@1").with_columns(prediction_id=None).write_parquet(tmp_path / "old.parquet")
    add_files(workspace, "truth", [tmp_path / "old.parquet"], mode="append", schema_policy="evolve")
    happened(answered(day=1))
    done = collected(workspace)
    assert (done.version, done.outcomes) == ("dataset/truth@3", 4)
    assert frame(workspace, "truth@3").height == 6


def test_a_label_that_is_an_input_and_an_unknown_endpoint_are_refused(workspace, answered, happened):
    happened(answered())
    with pytest.raises(InvalidInput, match="as well"):
        collect(workspace, endpoint="delay", dataset="truth", label="hour")
    with pytest.raises(NotFound):
        collect(workspace, endpoint="delai", dataset="truth")


def test_without_any_outcome_nothing_is_made(workspace, answered):
    answered()
    assert collected(workspace).version == ""
