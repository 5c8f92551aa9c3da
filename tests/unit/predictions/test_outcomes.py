"""Outcomes of any type, by id and by the client's own key and time; none that was ever told is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from meguru.errors import InvalidInput
from meguru.predictions import outcome_store, store
from meguru.predictions.operations import record, show, window
from meguru.predictions.sources import SourceColumns, form_of, read_file, shaped
from meguru.predictions.types import OutcomeInput
from meguru.predictions.window import frame

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(workspace, *, endpoint="delay", **given):
    return record(workspace, endpoint=endpoint, outcomes=[OutcomeInput(**given)])


def read_outcomes(path, at_most):
    columns = SourceColumns(OutcomeInput, required=("value",))
    rows = read_file(path, form_of(path), columns)
    for part in shaped(rows, OutcomeInput, columns, at_most):
        yield [each for _, each in part]


def values(prediction):
    return [each.value for each in prediction.earlier]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_every_outcome_is_kept_and_the_latest_counts_however_they_arrive(workspace, answered, order):
    prediction = f"{answered().id}.0"
    statements = [(0.0, APRIL), (1.0, APRIL + HOUR), (0.5, APRIL + 2 * HOUR)]
    for index in order:
        value, at = statements[index]
        told(workspace, prediction_id=prediction, value=value, at=at)
    shown = show(workspace, id=prediction)
    assert (shown.outcome.value, values(shown)) == (0.5, [1.0, 0.0])
    assert shown.outcome.recorded_by == workspace.principal.name
    assert [each.at for each in shown.earlier] == [APRIL + HOUR, APRIL]
    for value, at in statements:
        assert told(workspace, prediction_id=prediction, value=value, at=at).repeated == 1
    assert show(workspace, id=prediction) == shown


def test_the_same_again_changes_nothing_whether_with_a_time_or_without(workspace, answered, clock):
    prediction = f"{answered().id}.0"
    first = told(workspace, prediction_id=prediction, value=1.0)
    assert (first.count, first.corrected, first.repeated) == (1, 0, 0)
    before = show(workspace, id=prediction)
    clock.move(HOUR)
    assert told(workspace, prediction_id=prediction, value=1.0).repeated == 1
    assert show(workspace, id=prediction) == before
    assert told(workspace, prediction_id=prediction, value=0.0).corrected == 1
    assert values(show(workspace, id=prediction)) == [1.0]


def test_one_call_may_tell_of_one_prediction_twice(workspace, answered):
    prediction = f"{answered().id}.0"
    both = [
        OutcomeInput(prediction_id=prediction, value=1.0, at=APRIL),
        OutcomeInput(prediction_id=prediction, value=0.0, at=APRIL + HOUR),
        OutcomeInput(prediction_id=prediction, value=0.5, at=APRIL - HOUR),
    ]
    done = record(workspace, endpoint="delay", outcomes=both)
    assert (done.count, done.corrected) == (3, 2)
    shown = show(workspace, id=prediction)
    assert (shown.outcome.value, values(shown)) == (0.0, [1.0, 0.5])
    assert window(workspace, endpoint="delay", start=MARCH, end=APRIL).outcomes == 1


def keyed(answered, *rows, endpoint="delay"):
    """Answer a request whose rows have these keys and times."""
    return answered(len(rows), times=[time for _, time in rows], rows=list(rows), endpoint=endpoint)


def test_an_outcome_finds_its_prediction_by_key_and_time(workspace, answered):
    batch = keyed(answered, ("anna", MARCH), ("anna", MARCH + HOUR), ("ben", MARCH))
    told(workspace, key="anna", time=MARCH, value=1.0)
    told(workspace, key="anna", value=0.0)
    found = [show(workspace, id=f"{batch.id}.{row}") for row in range(3)]
    assert [each.key for each in found] == ["anna", "anna", "ben"]
    assert [each.outcome and each.outcome.value for each in found] == [1.0, 0.0, None]


def test_without_a_time_it_is_the_newest_row_up_to_when_it_became_known(workspace, answered):
    batch = keyed(answered, ("7", MARCH), ("7", MARCH + 2 * HOUR))
    told(workspace, key=7, value=1.0, at=MARCH + HOUR)
    assert show(workspace, id=f"{batch.id}.0").outcome.value == 1.0
    assert show(workspace, id=f"{batch.id}.1").outcome is None


def test_a_request_that_was_sent_twice_has_its_outcome_twice(workspace, answered):
    batches = [keyed(answered, ("a", MARCH)) for _ in range(2)]
    keyed(answered, ("a", MARCH), endpoint="price")
    assert told(workspace, key="a", value=1.0).count == 2
    assert all(show(workspace, id=f"{each.id}.0").outcome.value == 1.0 for each in batches)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "prediction_id"),
        ({"key": "nobody"}, "key"),
        ({"key": "a", "time": MARCH + HOUR}, "key"),
        ({"key": "a", "time": datetime(2013, 3, 1)}, "time"),  # noqa: DTZ001
        ({"key": "x" * 201}, "key"),
        ({"key": "a", "prediction_id": "pred-0.0"}, "key"),
        ({"prediction_id": "pred-0.0", "time": MARCH}, "time"),
    ],
)
def test_what_names_no_prediction_is_refused_with_its_field(workspace, answered, given, field):
    keyed(answered, ("a", MARCH))
    with pytest.raises(InvalidInput) as caught:
        told(workspace, value=1.0, **given)
    assert caught.value.field == f"outcomes[0].{field}"


def test_many_keys_are_found_in_one_call(workspace, answered):
    rows = [(f"order-{number}", MARCH + timedelta(seconds=number)) for number in range(600)]
    keyed(answered, *rows)
    given = [OutcomeInput(key=key, value=1.0) for key, _ in rows[:300]]
    given += [OutcomeInput(key=key, time=time, value=0.0) for key, time in rows[300:]]
    assert record(workspace, endpoint="delay", outcomes=given).count == 600
    with workspace.read() as tx:
        assert frame(tx, "delay", MARCH, APRIL)["_outcome"].to_list() == [1.0] * 300 + [0.0] * 300


@pytest.mark.parametrize(
    ("kept", "column"),
    [
        (["wet", "dry"], ["wet", "dry"]),
        ([True, False], [True, False]),
        ([[1.5, 2.0], [0.0, None]], [[1.5, 2.0], [0.0, None]]),
        ([["a"], []], [["a"], []]),
        ([1.5, "wet"], ["1.5", "wet"]),
        ([{"x": 1}, [1]], ['{"x":1}', "[1]"]),
        ([{"x": 1}, {"x": 2}], ['{"x":1}', '{"x":2}']),
        ([[True], [1.5]], ["[true]", "[1.5]"]),
    ],
)
def test_a_window_has_outcomes_of_every_type(workspace, answered, kept, column):
    batch = answered(3)
    rows = [
        outcome_store.row_of((batch.id, row), value, APRIL, APRIL, "me") for row, value in enumerate(kept)
    ]
    with workspace.db.write() as tx:
        outcome_store.record(tx, "delay", rows)
    with workspace.read() as tx:
        found = frame(tx, "delay", MARCH, APRIL)["_outcome"].to_list()
    assert found[2] is None
    assert found[:2] == column
    assert [show(workspace, id=f"{batch.id}.{row}").outcome.value for row in range(2)] == kept


def test_a_file_holds_many_outcomes(workspace, answered, tmp_path):
    batch = keyed(answered, ("17", MARCH), ("b", MARCH))
    (tmp_path / "a.csv").write_text("key,value,at\n17,1,2013-04-01T00:00:00Z\nb,,\n", "utf-8")
    lines = [
        {"prediction_id": f"{batch.id}.1", "value": 0},
        {"key": 17, "value": 0.5, "at": "2013-04-02T00:00:00Z"},
    ]
    (tmp_path / "b.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    for name, count in (("a.csv", 1), ("b.jsonl", 2)):
        parts = list(read_outcomes(tmp_path / name, 1))
        assert [len(part) for part in parts] == [1] * count
        for part in parts:
            record(workspace, endpoint="delay", outcomes=part)
    found = [show(workspace, id=f"{batch.id}.{row}") for row in range(2)]
    assert [(each.outcome.value, values(each)) for each in found] == [(0.5, [1.0]), (0.0, [])]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"", "its name does not say"),
        ("a.csv", b"key,valeu\n1,2\n", "no column 'valeu'"),
        ("a.csv", b"key\n1\n", "'value'"),
        ("a.jsonl", b"{", "line 1"),
        ("a.jsonl", b'{"key": 1.5, "value": 1}', "row 1"),
        ("a.parquet", b"PAR1", "can't be read"),
    ],
)
def test_a_file_that_holds_none_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        list(read_outcomes(tmp_path / name, 100))


def test_keys_are_written_with_their_predictions(workspace, answered):
    batch = keyed(answered, ("a", MARCH), ("b", MARCH))
    with workspace.read() as tx:
        assert store.keys_of(tx, [batch.id]) == {(batch.id, 0): "a", (batch.id, 1): "b"}
