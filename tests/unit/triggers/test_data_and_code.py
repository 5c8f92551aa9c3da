"""Data: enough rows, another schema, nothing new for too long. Code: what a pipeline reaches."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import polars as pl
import pytest

from meguru.datasets import store as datasets
from meguru.datasets.client import add_files
from meguru.datasets.operations import remove
from meguru.errors import Busy, InvalidInput, MeguruError
from meguru.kernel import events
from meguru.pipelines.load import register_file
from meguru.registry.client import add_model
from meguru.testing.contracts.listeners import listen
from meguru.testing.models import make_model
from meguru.triggers import operations as triggers
from meguru.triggers.arrivals.receive import receive
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.operations import specs
from meguru.triggers.parse import kind_of

pytest_plugins = ["meguru.testing.fixtures"]


@pytest.fixture
def add(workspace, tmp_path):
    """Register a version of flights with so many rows."""

    def add(rows, *, mode="append", **more):
        number = len(list(tmp_path.glob("*.csv")))
        place = tmp_path / f"{number}.csv"
        pl.DataFrame({"hour": range(number * 1000, number * 1000 + rows), **more}).write_csv(place)
        policy = "evolve" if more else "strict"
        return add_files(workspace, "flights", [place], mode=mode, schema_policy=policy)

    add(100, mode="replace")
    return add


def make(workspace, on, **options):
    return triggers.create(workspace, name="retrain", on=on, action={"note": "done"}, **options)


def states(workspace):
    Evaluator(workspace).step()
    found = triggers.history(workspace, name="retrain", limit=100).items
    return [each.state.value for each in reversed(found)]


def reasons(workspace):
    return [each.reason for each in triggers.history(workspace, name="retrain").items if each.reason]


def test_it_fires_once_so_many_rows_came_since_it_fired_last(workspace, add):
    make(workspace, {"data": "flights", "min_new_rows": 50})
    add(30)
    assert states(workspace) == ["filtered"]
    assert reasons(workspace) == ["30 new rows since dataset/flights@1, and it waits for 50"]
    with workspace.read() as tx:
        (*_, event) = events.read(tx, types=("dataset_version.created",), limit=10)
    (foreseen,) = triggers.try_out(workspace, name="retrain", event=event.id).firings
    assert (foreseen.state.value, foreseen.reason) == ("filtered", reasons(workspace)[0])
    add(25)
    assert states(workspace).count("fired") == 1
    add(40)
    assert states(workspace).count("fired") == 1
    assert reasons(workspace) == ["40 new rows since dataset/flights@3, and it waits for 50"]
    add(10)
    assert states(workspace).count("fired") == 2
    add(60, mode="replace")  # fewer than before: all of them are new
    assert states(workspace).count("fired") == 3


def test_it_fires_when_the_columns_are_others(workspace, add):
    make(workspace, {"data": "flights", "schema": "changed"})
    add(10)
    assert states(workspace) == ["filtered"]
    assert reasons(workspace) == ["its columns are those of version 1"]
    add(10, mode="replace", wind=1.5)
    assert states(workspace).count("fired") == 1


def test_a_dataset_without_a_new_version_in_time_is_told_of_once_for_each(workspace, add, clock):
    workspace.clock = clock
    add(1)
    kind = kind_of({"fresh": "flights", "within": "26h"})

    class Stale:
        pass

    source = Stale()
    source.kind = kind

    async def nothing(port):
        del port

    assert listen(workspace, source, nothing).taken == {}
    clock.move(timedelta(hours=27))
    (arrival,) = listen(workspace, source, nothing).taken.values()
    assert arrival.data["source"] == "dataset/flights@2"
    make(workspace, {"fresh": "flights", "within": "26h"})
    for _ in range(3):
        receive(workspace, "retrain", arrival)
    assert states(workspace) == ["fired"]


@pytest.mark.parametrize(
    ("on", "field"),
    [
        ({"data": "flights", "min_new_rows": 0}, "on.min_new_rows"),
        ({"data": "flights", "schema": "same"}, "on.schema"),
        ({"fresh": "flights", "within": "soon"}, "on.within"),
        ({"fresh": "flights", "within": -1}, "on.within"),
        ({"objects": "http://bucket"}, "on.objects"),
        ({"objects": "s3://a:secret@bucket"}, "on.objects"),
    ],
)
def test_what_makes_no_sense_is_refused(workspace, add, on, field):
    with pytest.raises(InvalidInput) as refused:
        make(workspace, on)
    assert refused.value.field == field


@pytest.mark.parametrize("on", [{"fresh": "nobody", "within": "1h"}, {"reached": "nobody"}])
def test_what_is_not_there_is_refused(workspace, on):
    with pytest.raises(MeguruError, match="nobody"):
        make(workspace, on)


CODE = """
    from meguru import pipeline, step
    {comment}

    def double(n: int) -> int:
        return n * {factor}

    @step
    def count(day: int) -> int:
        return double(day)

    @pipeline
    def train(day: int = 1):
        return count(day)
"""


def test_it_fires_when_the_code_that_a_pipeline_reaches_changed(workspace, tmp_path):
    def register(comment="", factor=2):
        (tmp_path / "train.py").write_text(dedent(CODE).format(comment=comment, factor=factor))
        return register_file(workspace, f"{tmp_path}/train.py:train").version

    register()
    make(workspace, {"reached": "train"})
    assert register(comment="# only words") == 2
    assert states(workspace) == ["filtered"]
    assert reasons(workspace) == ["its steps reach the code that they reached in version 1"]
    assert register(factor=3) == 3  # in a helper alone
    assert states(workspace).count("fired") == 1


def test_a_registration_and_an_approval_wake_by_their_event(workspace):
    make(workspace, {"event": "model_version.registered", "subject": "model/delay@*"})
    add_model(workspace, "delay", make_model())
    assert states(workspace) == ["fired"]
    make_other = {"event": "release.approved", "subject": "release/delay@*"}
    assert triggers.create(workspace, name="go", on=make_other, action={"note": "done"}).on == make_other


def test_what_arrives_for_one_trigger_can_wake_another_by_event(workspace, add):
    make(workspace, {"fresh": "flights", "within": "26h"})
    on = {"event": "data.stale", "subject": "trigger/retrain"}
    triggers.create(workspace, name="tell", on=on, action={"note": "done"})
    data = {"source": "dataset/flights@1", "since": "", "within": "26h"}
    receive(workspace, "retrain", SourceArrival(key="k", type="data.stale", data=data))
    Evaluator(workspace).step()
    found = triggers.history(workspace, limit=10).items
    assert sorted((each.trigger, each.state.value) for each in found) == [
        ("retrain", "fired"),
        ("tell", "fired"),
    ]
    with workspace.read() as tx:
        (event,) = events.read(tx, types=("data.stale",), limit=5)
    assert event.subject == "trigger/retrain"


def test_a_version_that_was_removed_before_it_was_decided_stops_no_other_trigger(workspace, add):
    make(workspace, {"data": "flights", "min_new_rows": 5})
    triggers.create(workspace, name="other", on={"event": "dataset_version.removed"}, action={"note": "done"})
    add(10)
    remove(workspace, ref="flights@2", reason="a test")
    assert states(workspace) == ["filtered"]
    assert "was removed" in reasons(workspace)[0]
    assert [each.state.value for each in triggers.history(workspace, name="other").items] == ["fired"]


def test_columns_are_held_against_the_newest_version_that_is_still_there(workspace, add):
    add(10)
    make(workspace, {"data": "flights", "schema": "changed"})
    remove(workspace, ref="flights@2", reason="a test")
    add(10)
    assert states(workspace) == ["filtered"]
    assert reasons(workspace) == ["its columns are those of version 1"]


def test_a_trigger_changed_to_another_dataset_counts_from_the_change(workspace, add, tmp_path):
    triggers.create(workspace, name="retrain", on={"event": "note.done"}, action={"note": "done"})
    add(60)
    specs.declare(
        workspace,
        name="retrain",
        spec=TriggerSpec(on={"data": "flights", "min_new_rows": 50}, action={"note": "done"}),
    )
    add(5)
    assert states(workspace) == ["filtered"]
    assert reasons(workspace) == ["5 new rows since dataset/flights@2, and it waits for 50"]


def test_a_database_that_is_busy_is_no_reason_to_pass_an_event_over(workspace, add, monkeypatch):
    make(workspace, {"data": "flights", "min_new_rows": 5})
    add(10)

    def busy(*_):
        raise Busy("another writer holds the database")

    with monkeypatch.context() as patch:
        patch.setattr(datasets, "resolve", busy)
        with pytest.raises(Busy):
            Evaluator(workspace).step()
    assert states(workspace) == ["fired"]
