"""What people say of models: one spec, whoever said it; groups, and who uses a model."""

import pytest

from meguru.app.nouns import load_operations
from meguru.errors import Conflict, Forbidden, InvalidInput, NotFound
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.registry import spec as spec_store
from meguru.registry.client import add_model
from meguru.registry.kind import ModelSpec, StageRule
from meguru.registry.operations import about, best, list_models, specs, stage, uses
from meguru.releases.create import create as create_release
from meguru.serving.create import create as create_endpoint
from meguru.testing.models import make_model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(autouse=True)
def _loaded():
    load_operations()


def test_a_model_can_be_described_before_it_has_a_version_and_after(workspace, model):
    said = {"description": "how late", "owner": "ops", "group": "delays"}
    spec = ModelSpec(**said, tags={"a": "1"}, baselines={"auc": 0.5})
    made = specs.declare(workspace, name="delay", spec=spec)
    assert (made.change, about(workspace, name="delay").latest) == ("created", None)
    add_model(workspace, "delay", model)
    found = about(workspace, name="delay")
    assert (found.description, found.owner, found.group) == ("how late", "ops", "delays")
    assert (found.tags, found.baselines, found.latest.version) == ({"a": "1"}, {"auc": 0.5}, 1)
    assert list_models(workspace).items == [found]
    assert specs.declare(workspace, name="delay", spec=spec).change == "unchanged"
    changed = specs.declare(workspace, name="delay", spec=ModelSpec(owner="ml"))
    assert [each.field for each in changed.fields] == ["description", "owner", "group", "tags", "baselines"]
    assert [each.spec["owner"] for each in specs.specs(workspace, name="delay")] == ["ml", "ops"]


def test_what_is_said_of_models_is_what_a_file_can_declare(workspace, model):
    add_model(workspace, "plain", model)
    said = {"one": ModelSpec(owner="ops"), "two": ModelSpec(tags={"a": "1"}), "gone": ModelSpec(group="g")}
    for name, spec in said.items():
        specs.declare(workspace, name=name, spec=spec)
    specs.retire(workspace, name="gone")
    with workspace.read() as tx:
        assert spec_store.names(tx, None) == ["one", "two"]
        assert spec_store.names(tx, {"other"}) == []


def test_a_model_that_was_only_registered_is_changed_and_not_made(workspace, model):
    add_model(workspace, "delay", model)
    assert specs.plan(workspace, name="delay", spec=ModelSpec(owner="ops")).change == "updated"
    with pytest.raises(Conflict):
        specs.declare(workspace, name="delay", spec=ModelSpec(owner="ops"), expect={"owner": "somebody"})


@pytest.mark.parametrize(
    "spec",
    [
        ModelSpec(owner="x" * 201),
        ModelSpec(tags={"": "x"}),
        ModelSpec(tags={str(n): "" for n in range(101)}),
        ModelSpec(baselines={"auc": float("nan")}),
        ModelSpec(group="other/delays"),
        ModelSpec(group="no group"),
    ],
)
def test_what_cannot_be_said_is_refused(workspace, spec):
    with pytest.raises(InvalidInput):
        specs.declare(workspace, name="delay", spec=spec)


def test_a_retired_model_is_in_no_list_until_its_next_version(workspace, model):
    add_model(workspace, "delay", model)
    specs.retire(workspace, name="delay")
    assert list_models(workspace).items == []
    with pytest.raises(NotFound):
        specs.retire(workspace, name="delay")
    add_model(workspace, "delay", make_model(seed=1))
    assert [each.latest.version for each in list_models(workspace).items] == [2]


def test_the_best_of_a_group_is_found_by_any_metric_and_condition(workspace, model):
    for name, loss, seed in (("small", 0.2, 0), ("large", 0.1, 1), ("other", 0.0, 2)):
        add_model(workspace, name, make_model(seed=seed, metrics={"loss": loss, "calls": seed + 1.0}))
    for name in ("small", "large"):
        said = ModelSpec(group="delays", tags={"team": name}, baselines={"loss": 0.15})
        specs.declare(workspace, name=name, spec=said)

    def names(where="", metric="loss", **more):
        found = best(workspace, group="delays", metric=metric, query=where, **more)
        return [each.version.name for each in found]

    lower = {"direction": "lower"}
    assert names(**lower) == ["large", "small"]
    assert names(direction="higher") == ["small", "large"]
    assert names("size_mb < 50 and metrics.calls = 1", **lower) == ["small"]
    assert names("tags.team LIKE 'la%'", **lower) == ["large"]
    assert names("flavor != 'sklearn'", **lower) == []
    assert names("name IN ('small', 'nothing') and auc > 0.5", **lower) == ["small"]
    assert names("params.depth IS NULL and task = 'binary'", limit=1, **lower) == ["large"]
    assert set(names(metric="auc")) == {"small", "large"}
    assert best(workspace, group="small", metric="loss", direction="lower")[0].baseline == 0.15
    aucs = [each.value for each in best(workspace, group="delays", metric="auc")]
    assert aucs == sorted(aucs, reverse=True)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"metric": "loss"}, InvalidInput),
        ({"metric": "auc", "query": "__import__('os')"}, InvalidInput),
        ({"metric": "auc", "query": "size_mb < 50 OR 1 = 1"}, InvalidInput),
        ({"metric": "auc", "query": "weight < 50"}, NotFound),
        ({"metric": "auc", "group": "nothing"}, NotFound),
        ({"metric": "auc", "limit": 0}, InvalidInput),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(workspace, model, given, fault):
    add_model(workspace, "delay", model)
    with pytest.raises(fault):
        best(workspace, **({"group": "delay"} | given))


def test_who_uses_a_model_is_told_and_keeps_it_from_being_retired(workspace, model):
    add_model(workspace, "delay", model)
    add_model(workspace, "delay", make_model(seed=1))
    create_endpoint(workspace, name="late", model="delay")
    release = create_release(workspace, endpoint="late", model="delay@1")
    found = uses(workspace, ref="delay")
    assert [(use.ref, use.how, use.version) for use in found] == [
        ("endpoint/late", "serves", ""),
        (release.ref, "release", "model/delay@1"),
    ]
    assert [use.how for use in uses(workspace, ref="delay@2")] == ["serves"]
    with pytest.raises(NotFound):
        uses(workspace, ref="delya")


def staged(workspace, model, **more):
    rules = [
        StageRule(name="candidate", needs=["verified", "holdout"]),
        StageRule(name="approved", needs=["baselines"], after=["candidate"], by="release:promote"),
        StageRule(name="in use", needs=["live"]),
    ]
    add_model(workspace, "delay", model)
    said = ModelSpec(stages=rules, baselines={"auc": 0.5} | more)
    specs.declare(workspace, name="delay", spec=said)


def test_a_version_goes_through_the_stages_of_its_models_policy(workspace, model):
    staged(workspace, model)
    with pytest.raises(Conflict, match="approved") as caught:
        stage(workspace, ref="delay@1", stage="approved")
    assert "no stage yet" in caught.value.why
    assert stage(workspace, ref="delay@1", stage="candidate").stage == "candidate"
    assert stage(workspace, ref="delay", stage="approved", reason="asked").stage == "approved"
    (found,) = best(workspace, group="delay", metric="auc", query="stage = 'approved'")
    assert found.version.version == 1
    with pytest.raises(Conflict) as caught:
        stage(workspace, ref="delay@1", stage="in use")
    assert "answers at no endpoint" in caught.value.why
    with pytest.raises(NotFound):
        stage(workspace, ref="delay@1", stage="aproved")


def test_a_version_that_is_no_better_than_a_baseline_stays_where_it_is(workspace, model):
    staged(workspace, model, log_loss=0.0)
    stage(workspace, ref="delay", stage="candidate")
    with pytest.raises(Conflict) as caught:
        stage(workspace, ref="delay", stage="approved")
    assert "log_loss is 0." in caught.value.why
    assert "auc" not in caught.value.why


def test_a_stage_may_need_a_right_of_its_own(workspace, model):
    staged(workspace, model)
    anna = workspace.with_(principal=Principal(name="anna", grants={"": permissions_of("data-scientist")}))
    stage(anna, ref="delay", stage="candidate")
    with pytest.raises(Forbidden):
        stage(anna, ref="delay", stage="approved")


@pytest.mark.parametrize(
    "stages",
    [
        [StageRule(name="")],
        [StageRule(name="one"), StageRule(name="one")],
        [StageRule(name="one", needs=["baselines"])],
        [StageRule(name=str(n)) for n in range(21)],
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(workspace, stages):
    with pytest.raises(InvalidInput):
        specs.declare(workspace, name="delay", spec=ModelSpec(stages=stages))
    with pytest.raises(NotFound):
        specs.declare(workspace, name="delay", spec=ModelSpec(stages=[StageRule(name="b", after=["a"])]))
