"""What clients need not send is looked up and computed; what they send all the same wins."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from meguru.errors import InvalidInput
from meguru.features.types import ViewDefinition
from meguru.flavors import ColumnType, Signature, SignatureColumn
from meguru.flavors.field_errors import FieldPath
from meguru.serving.contracts.types import ModelInput
from meguru.serving.contracts.view import ContractView
from meguru.serving.features.enrichment import FeatureInputs
from meguru.serving.features.plan import FeaturePlan, InputFeature, PlannedView
from meguru.serving.features.shadow_inputs import ShadowViews

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = FieldPath("rows")
SPENT = {"ann": (100, [30.0, 3.0]), "bob": (200, [8.0, 1.0])}


def column(name: str, *, nullable: bool = True) -> SignatureColumn:
    return SignatureColumn(name=name, type=ColumnType.DOUBLE, nullable=nullable)


def activity(**said: Any) -> PlannedView:
    return PlannedView(
        ref="feature_view/activity@2",
        definition=ViewDefinition(entities=["user"], keys=["user"], time="at", **said),
        features={"spend": "Float64", "visits": "Float64"},
        columns={"spend": "spend", "visits": "visits"},
        keys={"user": "String"},
    )


BASKET = PlannedView(
    ref="feature_view/basket@1",
    definition=ViewDefinition(request={"price": "Float64", "note": "String?"}, inputs=["activity:spend"]),
    features={"share": "Float64"},
    columns={"share": "share"},
    takes=[InputFeature(view="feature_view/activity@2", feature="spend", kind="Float64")],
)


class Found:
    names = ("spend", "visits")

    def __init__(self, keys: Any) -> None:
        rows = [SPENT.get(key) for key in keys]
        self.values = [row[1] if row else [None, None] for row in rows]
        self.events = [row[0] if row else 0 for row in rows]
        self.states = ["PRESENT" if row else "NOT_FOUND" for row in rows]


class Shelf:
    """Values by user, and a function; it says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def read(self, views: Any, keys: Any, moments: Any) -> Any:
        self.asked.append(("read", [list(each[0]) for each in keys], moments))
        return [Found(each[0]) for each in keys]

    def compute(self, view: Any, columns: Any, rows: int) -> dict[str, list[Any]]:
        self.asked.append(("compute", {name: list(each) for name, each in columns.items()}))
        if None in columns["price"]:
            raise InvalidInput("the function of feature_view/basket@1 failed", why="TypeError: no price")
        pairs = zip(columns["price"], columns["spend"], strict=True)
        return {"share": [None if spend is None else price / spend for price, spend in pairs]}

    def warm_up(self, views: Any) -> None:
        self.asked.append("warm")


def inputs(
    *names: str, nullable: bool = True, views: tuple[PlannedView, ...] | None = None
) -> tuple[FeatureInputs, Shelf]:
    shelf = Shelf()
    signature = Signature(inputs=tuple(column(name, nullable=nullable) for name in names))
    return FeatureInputs(FeaturePlan(views=list(views or (activity(), BASKET))), signature, shelf), shelf


def test_clients_send_keys_and_fields_and_not_what_views_give() -> None:
    made, _ = inputs("spend", "share", "age")
    assert [(each.name, each.type.value, each.nullable) for each in made.raw] == [
        ("user", "string", True),
        ("price", "double", False),
        ("note", "string", True),
        ("age", "double", True),
    ]
    assert [each.name for each in made.made] == ["spend", "visits", "share"]


def test_a_view_that_nothing_of_the_model_comes_from_is_not_asked_for() -> None:
    made, shelf = inputs("spend")
    assert [each.name for each in made.raw] == ["user"]
    made.fill({"user": ["ann"]}, 1, None, ROWS)
    assert shelf.asked == [("read", [["ann"]], [None])]


def test_rows_are_filled_in_with_one_look_and_one_call() -> None:
    made, shelf = inputs("spend", "share")
    found = made.fill(
        {"user": ["ann", "bob", "eve"], "price": [3.0, 4.0, 5.0], "note": [None] * 3}, 3, [1, 2, 3], ROWS
    )
    assert found.columns["spend"] == [30.0, 8.0, None]
    assert found.columns["share"] == [0.1, 0.5, None]
    assert found.events["feature_view/activity@2"] == [100, 200, None]
    assert found.states["feature_view/activity@2"] == ["PRESENT", "PRESENT", "NOT_FOUND"]
    assert [each[0] for each in shelf.asked] == ["read", "compute"]
    assert shelf.asked[0][2] == [[1, 2, 3]]


def test_what_is_sent_wins_and_what_is_computed_of_it_follows() -> None:
    made, shelf = inputs("spend", "share")
    given = {"user": [UNSET, "bob"], "price": [2.0, 4.0], "note": [None, None], "spend": [20.0, UNSET]}
    found = made.fill(given, 2, None, ROWS)
    assert found.columns["spend"] == [20.0, 8.0]
    assert found.columns["share"] == [0.1, 0.5]
    assert found.sent == {"spend": [True, False]}
    assert found.states["feature_view/activity@2"] == ["SENT", "PRESENT"]
    assert shelf.asked[0][1] == [["bob"]]


def test_who_sends_all_features_need_send_no_key() -> None:
    made, shelf = inputs("spend", "share")
    found = made.fill({"spend": [1.0], "share": [0.5]}, 1, None, ROWS)
    assert (found.columns["spend"], found.columns["share"]) == ([1.0], [0.5])
    assert shelf.asked == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"price": [1.0], "note": [None]}, "rows[0].user"),
        ({"user": ["ann"], "note": [None]}, "rows[0].price"),
        ({"user": ["ann", UNSET], "price": [1.0, 1.0], "note": [None, None]}, "rows[1].user"),
    ],
)
def test_a_field_that_a_view_is_asked_with_is_named_when_it_is_missing(
    given: dict[str, Any], field: str
) -> None:
    made, _ = inputs("spend", "share")
    n = len(next(iter(given.values())))
    with pytest.raises(InvalidInput) as refused:
        made.fill(given, n, None, ROWS)
    assert refused.value.field == field
    assert "feature_view/" in refused.value.why


def test_an_unknown_key_is_refused_by_name_if_the_view_would_rather_have_no_answer() -> None:
    made, _ = inputs("spend", views=(activity(missing="refuse"),))
    assert not made.raw[0].nullable
    with pytest.raises(InvalidInput) as refused:
        made.fill({"user": ["ann", "eve"]}, 2, None, ROWS)
    assert refused.value.field == "rows[1].user"
    assert refused.value.where == "feature_view/activity@2"
    assert "eve" in refused.value.what


def test_a_value_that_is_not_there_is_never_silently_null_where_the_model_must_have_it() -> None:
    made, _ = inputs("spend", nullable=False)
    with pytest.raises(InvalidInput) as refused:
        made.fill({"user": ["eve"]}, 1, None, ROWS)
    assert refused.value.field == "rows[0].spend"
    assert "NOT_FOUND" in refused.value.why


def test_the_row_at_fault_is_found_when_a_function_fails() -> None:
    made, _ = inputs("share")
    given = {"user": ["ann"] * 5, "price": [1.0, 1.0, 1.0, None, 1.0], "note": [None] * 5}
    with pytest.raises(InvalidInput) as refused:
        made.fill(given, 5, None, ROWS)
    assert refused.value.field == "rows[3]"
    assert refused.value.where == "feature_view/basket@1"


def test_a_name_that_is_sent_and_computed_is_refused() -> None:
    clash = PlannedView(
        ref="feature_view/codes@1",
        definition=ViewDefinition(request={"carrier": "String"}),
        features={"carrier": "Float64"},
        columns={"carrier": "carrier"},
    )
    with pytest.raises(InvalidInput, match="sent and computed"):
        inputs("carrier", views=(clash,))


def test_a_shadow_that_learned_from_another_version_of_a_view_is_given_its_values() -> None:
    """What was sent is asked again of the shadow's own views; what is sent in their place holds for both."""
    champion, _ = inputs("spend", views=(activity(),))
    other = msgspec.structs.replace(activity(), ref="feature_view/activity@3")
    shadow, asked = inputs("spend", "visits", views=(other,))
    signature = Signature(inputs=(column("spend"),))
    view = ContractView(1, champion.raw, signature, (), max_rows=10, features=champion)
    request = view.decode(b'{"rows": [{"user": "ann"}, {"user": "bob", "spend": 5.0}]}')
    view.fill([request], [NOW])
    assert [row.c0 for row in request.rows] == [30.0, 5.0]

    known = {"model/shop@2": SimpleNamespace(signature=Signature(inputs=(column("spend"), column("visits"))))}
    own = ShadowViews(known, {"model/shop@2": shadow}, 10).of("model/shop@2", view)
    frame = own.frame(view, request.sent, None)
    assert frame.to_dict(as_series=False) == {"spend": [30.0, 5.0], "visits": [3.0, 1.0]}
    assert asked.asked[0][1] == [["ann", "bob"]]
    same = ShadowViews(known, {"model/shop@2": champion}, 10)
    assert same.of("model/shop@2", view) is not None  # it takes a column that the model does not


def test_columns_that_a_release_makes_of_others_need_not_be_sent_under_their_own_name() -> None:
    made, _ = inputs("spend", "age")
    signature = Signature(inputs=(column("spend"), column("age")))
    sent = (SignatureColumn(name="user", type=ColumnType.STRING), column("born"))
    view = ContractView(2, sent, signature, [ModelInput.read("age=2026 - born")], max_rows=10, features=made)
    assert view.example([{"spend": 1.0, "age": 2.0}]) == [{"spend": 1.0, "born": None}]
    request = view.decode(b'{"rows": [{"user": "ann", "born": 1990}]}')
    view.fill([request], [NOW])
    assert [(row.c0, row.c1) for row in request.rows] == [(30.0, 36.0)]
    lacks = view.decode(b'{"rows": [{"user": "ann"}]}')
    with pytest.raises(InvalidInput) as refused:
        view.fill([lacks], [NOW])
    assert refused.value.field == "rows[0].born"


def test_a_release_may_make_a_column_of_what_a_view_gives() -> None:
    made, shelf = inputs("cents")
    signature = Signature(inputs=(column("cents"),))
    said = [ModelInput.read("cents=spend * 100")]
    user = SignatureColumn(name="user", type=ColumnType.STRING)
    view = ContractView(2, [user], signature, said, max_rows=10, features=made)
    request = view.decode(b'{"rows": [{"user": "ann"}, {"user": "bob", "spend": 1}]}')
    view.fill([request], [NOW])
    assert [row.c0 for row in request.rows] == [3000.0, 100.0]
    assert shelf.asked == [("read", [["ann"]], [None])]
    with pytest.raises(InvalidInput, match="contract 2 can't be answered") as refused:
        ContractView(2, [column("visits")], signature, said, max_rows=10, features=made)
    assert "'user' is needed by views" in refused.value.why


def test_views_are_asked_for_a_request_unless_all_that_they_give_was_sent() -> None:
    made, _ = inputs("spend", "age")
    signature = Signature(inputs=(column("spend"), column("age")))
    view = ContractView(0, made.raw, signature, [], max_rows=10, features=made)
    some, whole = b'{"user": "ann", "age": 1}', b'{"user": "ann", "age": 1, "spend": 2}'
    assert [
        view.asks(view.decode(b'{"rows": [%s, %s]}' % rows)) for rows in ((whole, some), (whole, whole))
    ] == [
        True,
        False,
    ]


def test_an_old_contract_that_sends_all_features_asks_no_view() -> None:
    made, shelf = inputs("spend", "share")
    signature = Signature(inputs=(column("spend"), column("share")))
    view = ContractView(1, signature.inputs, signature, (), max_rows=10, features=made)
    assert view.features is None
    assert view.decode(b'{"row": {"spend": 1.0, "share": 0.5}}').rows[0].c1 == 0.5
    assert shelf.asked == []
