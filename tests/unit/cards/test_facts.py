"""What the records say, to whom it may be said."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.cards.conftest import SECRETS

from meguru.cards import operations as cards
from meguru.cards.facts.model import without_values
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.flavors.measures import SliceMeasures
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal


def test_a_model_card_is_filled_from_what_is_known(flights):
    facts = cards.show(flights, ref="model/delay@2").facts
    assert (facts.task, facts.flavor, facts.label, facts.holdout_rows) == ("binary", "sklearn", "late", 400)
    auc = next(each for each in facts.metrics if each.metric == "auc")
    assert auc.low < auc.value < auc.high
    assert (auc.level, auc.n) == (0.95, 400)
    (data,) = facts.data
    assert (data.ref, data.rows) == ("dataset/flights@1", 40)
    assert {each.name: each.tags for each in data.columns if each.tags} == {
        "name": ["pii"],
        "wind": ["sensitive"],
    }
    assert [(each.gate, each.verdict) for each in facts.gates] == [("loads", "passed"), ("metric", "passed")]
    assert [(each.ref, each.state) for each in facts.releases] == [("release/delay@1", "live")]
    assert facts.uses["endpoint/delay"] == "live"
    assert any(each.startswith("scikit-learn==") for each in facts.code.packages)
    assert [each.source for each in facts.lineage] == ["dataset/flights@1"]


def test_of_a_personal_column_no_value_is_told_anywhere(flights):
    model = cards.show(flights, ref="model/delay@2").facts
    seen = {each.name: (each.low, each.high) for each in model.features}
    assert seen["wind"] == (None, None)
    assert seen["hour"][0] < 0 < seen["hour"][1]
    for ref in ("model/delay@2", "dataset/flights@1", "endpoint/delay"):
        text = msgspec.json.encode(cards.show(flights, ref=ref)).decode()
        assert not any(each in text for each in SECRETS)


def test_a_data_card_tells_columns_tags_and_what_was_made_of_it(flights):
    facts = cards.show(flights, ref="dataset/flights").facts
    assert (facts.ref, facts.rows, facts.owner) == ("dataset/flights@1", 40, "team-flights")
    assert facts.models == ["model/delay@1", "model/delay@2"]
    hour = next(each for each in facts.columns if each.name == "hour")
    assert hour.low < hour.high
    assert hour.missing == 0


def test_a_run_book_has_a_call_that_the_endpoint_would_take(flights):
    facts = cards.show(flights, ref="endpoint/delay").facts
    assert set(facts.example) == {each.name for each in facts.inputs} == {"hour", "wind", "gusts"}
    assert all(isinstance(value, int | float) for value in facts.example.values())
    assert facts.example["wind"] == 0  # of a personal column no value is known
    assert (facts.release, facts.live_model) == ("release/delay@1", "model/delay@2")
    assert {each.name: each.command for each in facts.alerts}[
        "endpoint.failed"
    ] == "meguru release rollback delay"


def test_what_may_not_be_read_is_not_on_the_card(flights):
    only = {"card:read", "model:read"}
    ana = flights.with_(principal=Principal(name="ana", permissions=frozenset(only)))
    facts = cards.show(ana, ref="model/delay@2").facts
    assert facts.metrics
    assert (facts.data, facts.gates, facts.releases, facts.monitors) == ([], [], [], [])
    with pytest.raises(NotFound):
        cards.show(ana, ref="dataset/flights")
    eve = flights.with_(principal=Principal(name="eve", permissions=frozenset({"model:read"})))
    with pytest.raises(Forbidden):
        cards.show(eve, ref="model/delay@2")
    far = flights.with_(principal=Principal(name="far", grants={"other": permissions_of("viewer")}))
    with pytest.raises(NotFound):
        cards.show(far, ref="model/delay@2")


def test_there_are_cards_of_models_data_and_endpoints_alone(flights):
    with pytest.raises(InvalidInput, match="no cards"):
        cards.show(flights, ref="release/delay@1")
    with pytest.raises(NotFound):
        cards.show(flights, ref="model/delay@7")


def test_which_part_of_a_personal_column_it_is_is_numbered():
    parts = [SliceMeasures(column=name, value=value, rows=1, measures=[]) for name, value in PARTS]
    told = list(without_values(parts, {"town": ["pii"], "hour": ["sensitive"]}))
    assert [each.value for each in told] == ["#1", "7", "#2"]


PARTS = [("town", "Nara"), ("hour", "7"), ("town", "Uji")]
