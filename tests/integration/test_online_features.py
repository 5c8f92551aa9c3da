"""What is online in each store is what training gets, to the bit; also in a shared workspace."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import UsageError
from meguru.features.client import training
from meguru.features.materialization import follow
from meguru.features.materialization.runner import see_through
from meguru.features.materialization.start import list_materializations
from meguru.features.online.answer import online
from meguru.features.online.stores import online_of, open_online
from meguru.features.push.push import push
from meguru.testing import brokers
from meguru.testing.contracts.online_store import ROWS, bits
from meguru.testing.online_views import add_frame, add_rows, bring_online, declare_view, hours

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with brokers.valkey(tmp_path_factory.mktemp("valkey")) as broker:
        yield broker.url


@pytest.fixture(params=["sqlite", "redis", "postgresql"])
def shared(request, tmp_path, clock):
    """A workspace with each of the stores; the last one is the default of one on PostgreSQL."""
    place, said = str(tmp_path / "w"), {"sqlite_synchronous": "NORMAL"}
    if request.param == "redis":
        said["online_store"] = f"{request.getfixturevalue('redis_server')}?prefix={tmp_path.name}"
    if request.param == "postgresql":
        place = request.getfixturevalue("postgres_url")
        said["blobs"] = str(tmp_path / "blobs")
    with open_local(place, settings=Settings(**said), clock=clock) as ws:
        assert type(online_of(ws)).__module__.endswith(request.param.removesuffix("ql"))
        yield ws


def test_online_and_offline_are_equal_to_the_bit_for_values_of_every_type(shared):
    kinds = [name for name in ROWS.columns if name != "bytes"]
    frame = ROWS.select(kinds).with_columns(
        pl.Series("who", ["a", "b", "c", "d"]), pl.Series("at", [hours(-1)] * 4).alias("since")
    )
    add_frame(shared, frame, "all")
    declare_view(shared, "all", "all", time="since")
    assert bring_online(shared, "all").written == 4
    asked = pl.DataFrame({"who": ["d", "c", "b", "a", "none"], "now": [hours(0)] * 5})
    offline = training(shared, asked, ["all"], time="now").frame.select(kinds)
    found = online(shared, ["all"], {"who": asked["who"].to_list()})
    assert [str(row["whole"].status) for row in found.rows[1:]] == ["PRESENT"] * 3 + ["NOT_FOUND"]
    for row, given in zip(found.rows, offline.iter_rows(named=True), strict=True):
        assert bits([row[name].value for name in kinds]) == bits([given[name] for name in kinds])


def test_new_data_pushed_rows_and_corrections_come_online(shared, clock):
    add_rows(shared, [("a", hours(-2), 1.0), ("b", hours(-2), 2.0)])
    declare_view(shared, push=True)
    follower = follow.MaterializationFollower(shared)
    assert follower.step() == 1
    see_through(shared, list_materializations(shared).items[0])
    columns = {"who": ["b", "c"], "at": [hours(-1).isoformat()] * 2, "value": [20.0, 30.0]}
    assert push(shared, view="balance", columns=columns).online == 2
    clock.set(hours(1))
    assert follower.step() == 1
    ended = see_through(shared, list_materializations(shared).items[0])
    assert ended.state == "succeeded"
    values = online(shared, ["balance"], {"who": ["a", "b", "c"]}).values()
    assert [each["value"] for each in values] == [1.0, 20.0, 30.0]
    add_rows(shared, [("a", hours(-3), -1.0)], mode="replace", schema_policy="evolve")
    ended = bring_online(shared)
    assert (ended.written, ended.retracted) == (1, 3)
    values = online(shared, ["balance"], {"who": ["a", "b", "c"]}).values()
    assert [each["value"] for each in values] == [-1.0, None, None]


def test_a_store_that_is_none_is_told(workspace):
    wrong = Settings(online_store="mongodb://127.0.0.1/x")
    workspace.settings = wrong
    with pytest.raises(UsageError, match="no online store"):
        open_online(workspace)
