"""A declaration says which versions are kept; what is held or was used stays anyway."""

from datetime import timedelta

import pytest

from meguru.base.clock import FixedClock
from meguru.datasets.client import add_files
from meguru.datasets.kind import DATASET, DatasetSpec
from meguru.datasets.operations import prune, specs, tag, versions
from meguru.datasets.types import Retention
from meguru.datasets.versions.retention import RetentionClock
from meguru.errors import InvalidInput
from meguru.kernel.operations import InternalOperation

FREED = {"versions": [], "blobs": 0, "bytes": 0}


@pytest.fixture
def add(workspace, tmp_path):
    numbers = iter(range(100))

    def write():
        number = next(numbers)
        path = tmp_path / "rows.csv"
        path.write_text(f"a\n{number}\n")
        return add_files(workspace, "rows", path)

    return write


def left(ws):
    return sorted(each.version for each in versions(ws, name="rows"))


def keep(ws, **rule):
    specs.declare(ws, name="rows", spec=DatasetSpec(keep=Retention(**rule)))


def test_the_newest_and_what_is_held_or_used_stay(workspace, add):
    for _ in range(6):
        add()
    tag(workspace, ref="rows@2", tag="good")
    keep(workspace, last=2)
    assert prune(workspace, name="rows", plan=True).refs == [f"dataset/rows@{n}" for n in (1, 3, 4)]
    assert left(workspace) == [1, 2, 3, 4, 5, 6]
    assert RetentionClock(workspace).tick() == [f"dataset/rows@{n}" for n in (1, 3, 4)]
    assert left(workspace) == [2, 5, 6]
    assert RetentionClock(workspace).tick() == []


def test_versions_are_kept_for_days(workspace, add):
    for _ in range(3):
        add()
    keep(workspace, days=7)
    assert prune(workspace, name="rows").refs == []
    later = workspace.with_()
    later.clock = FixedClock(workspace.clock.now() + timedelta(days=8))
    assert prune(later, name="rows").refs == ["dataset/rows@1", "dataset/rows@2"]


def test_nothing_said_keeps_all_and_nonsense_is_refused(workspace, add):
    add()
    add()
    assert prune(workspace, name="rows").refs == []
    for rule in ({"last": -1}, {"days": -1.0}, {"days": float("nan")}):
        with pytest.raises(InvalidInput):
            keep(workspace, **rule)


def test_what_another_dataset_was_made_from_stays_though_only_capitals_tell_them_apart(workspace, add):
    for _ in range(3):
        add()

    def work(ctx):
        ctx.emit(
            "dataset.freed", "dataset/rows", data=FREED, used=["dataset/rows@1"], produced=["dataset/Rows@1"]
        )

    InternalOperation(DATASET, "retain").commit(workspace, work)
    keep(workspace, last=1)
    assert prune(workspace, name="rows", plan=True).refs == ["dataset/rows@2"]
