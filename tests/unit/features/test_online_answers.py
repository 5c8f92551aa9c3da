"""What is told of a value, when it is too old, and when the store is away."""

from datetime import timedelta

import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs as dataset_specs
from meguru.datasets.types import ColumnSpec
from meguru.errors import Busy, Forbidden, InvalidInput, NotFound
from meguru.features.kind import FeatureServiceSpec, FeatureViewSpec
from meguru.features.materialization.job import micros
from meguru.features.online import reader as online_reader
from meguru.features.online.answer import online
from meguru.features.online.as_of import look_up_at
from meguru.features.online.keys import KeyLayout
from meguru.features.online.last_known import LastKnown
from meguru.features.online.lookup import AWAY, StoreUnavailable
from meguru.features.online.reader import reader_of
from meguru.features.online.stores import online_of
from meguru.features.operations import service_specs, view_profiles, view_specs
from meguru.kernel.principals import Principal
from meguru.testing.online_views import add_rows, bring_online, declare_view, hours


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        add_rows(opened, [("a", hours(-1), 1.0), ("b", hours(-1), None), ("c", hours(-2), 3.0)])
        yield opened


def told(ws, features="balance", who=("a", "b", "c", "d", None)):
    found = online(ws, [features], {"who": list(who)})
    return [(row["value"].value, str(row["value"].status)) for row in found.rows]


def seen(ws, **said):
    declare_view(ws, **said)
    bring_online(ws)
    return told(ws)


def test_each_value_has_a_status_a_time_and_an_age(ws):
    declare_view(ws, ttl="1h")
    bring_online(ws)
    found = online(ws, ["balance:value"], {"who": "a"})
    one = found.rows[0]["value"]
    assert (one.value, one.time, one.age) == (1.0, hours(-1), 3600.0)
    assert found.views == {"value": "feature_view/balance@1"}
    assert told(ws) == [
        (1.0, "PRESENT"), (None, "NULL_VALUE"), (None, "OUTSIDE_MAX_AGE"), (None, "NOT_FOUND"),
        (None, "NOT_FOUND"),
    ]  # fmt: skip
    ws.clock.move(timedelta(microseconds=1))
    assert told(ws, who=["a"]) == [(None, "OUTSIDE_MAX_AGE")]


def test_defaults_stand_in_for_what_is_not_there(ws):
    assert seen(ws, ttl="1h", features={"value": "Float64"}, defaults={"value": -1.0}) == [
        (1.0, "PRESENT"), (None, "NULL_VALUE"), (-1.0, "OUTSIDE_MAX_AGE"), (-1.0, "NOT_FOUND"),
        (-1.0, "NOT_FOUND"),
    ]  # fmt: skip


def test_the_last_known_value_comes_with_its_age(ws):
    assert seen(ws, ttl="1h", missing="last_known")[2] == (3.0, "OUTSIDE_MAX_AGE")
    assert online(ws, ["balance"], {"who": "c"}).rows[0]["value"].age == 7200.0


def test_a_view_may_rather_have_no_answer(ws):
    declare_view(ws, ttl="1h", missing="refuse")
    bring_online(ws)
    assert told(ws, who=["a", "d"]) == [(1.0, "PRESENT"), (None, "NOT_FOUND")]
    with pytest.raises(Busy, match="too old"):
        told(ws)


@pytest.fixture
def away(ws, monkeypatch):
    def refuse(*_):
        raise Busy("the online store can't be reached")

    return lambda: monkeypatch.setattr(online_of(ws), "read", refuse)


@pytest.mark.parametrize("missing", ["default", "refuse", "last_known"])
def test_without_the_store_there_is_never_a_silent_null(ws, away, missing):
    seen(ws, missing=missing)
    away()
    if missing == "last_known":
        assert told(ws, who=["a", "b"]) == [(1.0, "LAST_KNOWN"), (None, "LAST_KNOWN")]
        assert online(ws, ["balance"], {"who": "a"}).rows[0]["value"].age == 3600.0
    with pytest.raises(Busy) as refused:
        told(ws)
    # of others something is known
    assert isinstance(refused.value, StoreUnavailable) is (missing != "last_known")


def test_without_the_store_a_declared_default_is_told_as_one(ws, away):
    seen(ws, features={"value": "Float64"}, defaults={"value": 0.5})
    away()
    assert told(ws, who=["a"]) == [(0.5, "DEFAULT")]


def test_a_new_version_is_read_when_values_of_it_are_online(ws):
    seen(ws)
    declare_view(ws, ttl="3h")
    reader_of(ws)._refreshed_at = 0
    assert online(ws, ["balance"], {"who": "a"}).views["value"] == "feature_view/balance@1"
    bring_online(ws)
    reader_of(ws)._refreshed_at = 0
    assert online(ws, ["balance"], {"who": "a"}).views["value"] == "feature_view/balance@2"
    assert online(ws, ["balance@1"], {"who": "a"}).views["value"] == "feature_view/balance@1"


def test_a_service_has_its_versions_and_names(ws):
    seen(ws)
    declare_view(ws, "other")
    bring_online(ws, "other")
    service_specs.declare(ws, name="both", spec=FeatureServiceSpec(views=["balance", "other:value"]))
    with pytest.raises(InvalidInput, match="two features are called"):
        online(ws, "both", {"who": "a"})
    assert online(ws, "balance", {"who": "a"}).values() == [
        {"value": 1.0}
    ]  # a view, where no service is so called
    with pytest.raises(NotFound, match="no feature service"):
        online(ws, "neither", {"who": "a"})
    found = online(ws, "both", [{"who": "a"}, {"who": "c"}], full_names=True)
    assert found.values() == [
        {"balance__value": 1.0, "other__value": 1.0}, {"balance__value": 3.0, "other__value": 3.0},
    ]  # fmt: skip


WRONG = [
    (["nothing"], {"who": "a"}, NotFound, "no feature view"),
    (["balance:nothing"], {"who": "a"}, NotFound, "nothing"),
    (["balance"], {"whom": "a"}, InvalidInput, "have no 'who'"),
    (["balance"], {"who": 7}, InvalidInput, "is no value of 'who'"),
    (["balance"], {"who": ["a"] * 10_001}, InvalidInput, "too many"),
    ([], {"who": "a"}, InvalidInput, "no features"),
    ([":"], {"who": "a"}, InvalidInput, "names no view"),
]


def test_wrong_questions_are_told_what_is_wrong(ws):
    seen(ws)
    for features, entities, kind, words in WRONG:
        with pytest.raises(kind, match=words):
            online(ws, features, entities)


def test_who_may_not_read_a_project_learns_nothing_of_it(ws):
    seen(ws)
    other = ws.with_(principal=Principal(name="eve", grants={"team": frozenset({"*"})}))
    for name in ("balance", "nothing"):
        with pytest.raises(NotFound, match=f"^there is no feature_view '{name}'$"):
            online(other, [name], {"who": "a"})


def at_moments(ws, known, *who):
    plan = reader_of(ws).plan("", ["balance"])
    keys = plan.keys_of({"who": list(who)}, len(who))
    moments = [[micros(ws.clock.now())] * len(who)]
    (found,) = look_up_at(online_of(ws), plan.views, keys, moments, known, lambda *_: None)
    return [(found.values[n][0], str(found.state(n, 0))) for n in range(len(who))]


def test_what_was_read_for_a_moment_stands_in_and_never_what_came_after_it(ws, away):
    declare_view(ws, missing="last_known")
    bring_online(ws)
    known, before = LastKnown(), AWAY._value.get()
    assert at_moments(ws, known, "a") == [(1.0, "PRESENT")]
    away()
    assert at_moments(ws, known, "a") == [(1.0, "LAST_KNOWN")]
    assert AWAY._value.get() == before + 1
    ws.clock.move(timedelta(hours=-2))
    with pytest.raises(Busy):
        at_moments(ws, known, "a")


def test_a_feature_that_is_a_personal_column_needs_the_right_to_see_it(ws):
    seen(ws)
    columns = {"value": ColumnSpec(tags=["pii"])}
    dataset_specs.declare(ws, name="accounts", spec=DatasetSpec(columns=columns))
    reader_of(ws)._refreshed_at = 0
    rights = frozenset({"feature_view:get"})
    with pytest.raises(Forbidden, match="shop may not do") as caught:
        online(ws.with_(principal=Principal(name="shop", permissions=rights)), ["balance"], {"who": "a"})
    assert "dataset:clear" in f"{caught.value.why} {caught.value.hint}"
    owner = Principal(name="ann", permissions=rights | {"dataset:clear"})
    assert online(ws.with_(principal=owner), ["balance"], {"who": "a"}).values() == [{"value": 1.0}]


def test_what_rows_with_personal_columns_look_like_is_not_told(ws):
    columns = {"value": ColumnSpec(tags=["pii"])}
    dataset_specs.declare(ws, name="accounts", spec=DatasetSpec(columns=columns))
    seen(ws)
    assert view_profiles(ws, ref="balance") == []


def test_what_is_computed_on_demand_is_not_read_and_says_where_it_is(ws):
    seen(ws)
    spec = FeatureViewSpec(transform="x:f", code="", request={"km": "Float64"}, features={"far": "Boolean"})
    view_specs.declare(ws, name="asked", spec=spec)
    for features in (["asked"], ["asked:far"], ["balance", "asked"]):
        with pytest.raises(InvalidInput, match="nothing of feature_view/asked@1 is online") as caught:
            online(ws, features, {"who": "a"})
        assert "endpoint" in caught.value.hint


def test_a_plan_that_was_read_before_the_news_is_not_kept(ws, monkeypatch):
    seen(ws)
    reader, resolve = reader_of(ws), online_reader.plan_of_views

    def slow(tx, project, features):
        plan = resolve(tx, project, features)
        reader._clearings += 1  # another thread saw news, and cleared the plans, between the read and now
        return plan

    monkeypatch.setattr(online_reader, "plan_of_views", slow)
    reader.plan("", ["balance:value"])
    assert reader.known_plan("", ["balance:value"]) is None


def test_a_whole_number_beyond_all_floats_is_no_key(ws):
    keys = KeyLayout({"level": pl.Float64()})
    with pytest.raises(InvalidInput, match="is no value of 'level'"):
        keys.of_values([[10**400]])
