"""People label a sample; agreed labels become outcomes, and differing ones wait for who decides."""

from __future__ import annotations

import polars as pl
import pytest
from sqlalchemy import delete

from meguru.errors import Conflict, Forbidden, InvalidInput
from meguru.labelling.label import form_of
from meguru.labelling.operations import decide, disputes, label, list_samples, next_item, sample
from meguru.labelling.types import LabelForm
from meguru.labelling.uncertainty import uncertainty
from meguru.predictions.operations import show
from meguru.predictions.schema import prediction_batch, uncounted_batch
from meguru.tasks import task_of


def drawn(workspace, **given):
    return sample(workspace, endpoint="delay", **given)


def order(ws):
    """Label all that is left with 1, and return the predictions in the order in which they came."""
    found = []
    while item := next_item(ws, endpoint="delay"):
        label(ws, id=item.labelling, place=item.place, value=1)
        found.append(item.prediction)
    return found


def test_the_least_sure_answers_come_first_and_labels_become_outcomes(workspace, answered):
    sure, unsure, other = answered(0.9, 0.51, 0.3)
    made = drawn(workspace, size=2)
    assert (made.size, made.open) == (2, 2)
    item = next_item(workspace, endpoint="delay")
    assert (item.prediction, item.features, item.left) == (unsure, {"hour": 1}, 2)
    assert item.form == LabelForm(kind="choice", choices=[0, 1])
    assert order(workspace) == [unsure, other]
    found = show(workspace, id=unsure).outcome
    assert (found.value, found.recorded_by) == (1.0, "local")
    assert show(workspace, id=sure).outcome is None
    assert [(each.open, each.labelled) for each in list_samples(workspace, endpoint="delay")] == [(0, 2)]


def test_a_sample_at_random_is_the_same_with_the_same_seed_and_draws_nothing_twice(workspace, answered):
    known = answered(*[0.5] * 8)
    first = drawn(workspace, size=4, strategy="random", seed=7)
    one = order(workspace)
    rest = drawn(workspace, size=100, strategy="random", seed=7)
    assert (first.size, rest.size) == (4, 4)
    assert sorted([*one, *order(workspace)]) == sorted(known)
    import random

    again = sorted(known)
    random.Random(7).shuffle(again)
    assert one == again[:4]
    with pytest.raises(InvalidInput, match="nothing of delay to label"):
        drawn(workspace)


def test_two_who_differ_are_told_and_it_is_no_outcome_until_somebody_decides(workspace, answered, as_):
    (prediction,) = answered(0.5)
    sato, suzuki = as_("sato"), as_("suzuki")
    made = drawn(workspace, labellers=["sato", "suzuki"], each=2)
    assert next_item(workspace, endpoint="delay") is None  # it is theirs
    label(sato, id=made.id, place=0, value=1)
    assert show(workspace, id=prediction).outcome is None
    assert next_item(sato, endpoint="delay") is None
    assert label(suzuki, id=made.id, place=0, value=0).disputed == 1
    assert show(workspace, id=prediction).outcome is None
    (dispute,) = disputes(workspace, endpoint="delay")
    assert [(each.by, each.value) for each in dispute.labels] == [("sato", 1.0), ("suzuki", 0.0)]
    with pytest.raises(Forbidden):
        decide(sato, id=made.id, place=0, value=1)
    done = decide(workspace, id=made.id, place=0, value=1)
    assert (done.disputed, done.decided) == (0, 1)
    found = show(workspace, id=prediction).outcome
    assert (found.value, found.recorded_by) == (1.0, "local")
    with pytest.raises(Conflict):
        decide(workspace, id=made.id, place=0, value=0)


def test_two_who_agree_are_both_named_and_who_corrects_it_has_them_differ(workspace, answered, as_):
    (prediction,) = answered(0.5)
    sato, suzuki = as_("sato"), as_("suzuki")
    made = drawn(workspace, each=2)
    for who in (sato, suzuki):
        item = next_item(who, endpoint="delay")
        label(who, id=item.labelling, place=item.place, value=1)
    assert show(workspace, id=prediction).outcome.recorded_by == "sato, suzuki"
    assert label(sato, id=made.id, place=0, value=0).disputed == 1
    shown = show(workspace, id=prediction)
    assert (shown.outcome, [each.value for each in shown.earlier]) == (None, [1.0])
    assert label(suzuki, id=made.id, place=0, value=0).disputed == 0
    assert show(workspace, id=prediction).outcome.value == 0.0


def test_one_label_corrected_keeps_what_was_said(workspace, answered):
    (prediction,) = answered(0.5)
    made = drawn(workspace)
    label(workspace, id=made.id, place=0, value=1)
    label(workspace, id=made.id, place=0, value=0)
    shown = show(workspace, id=prediction)
    assert (shown.outcome.value, [each.value for each in shown.earlier]) == (0.0, [1.0])


def test_who_can_not_say_skips_and_another_s_turn_is_refused(workspace, answered, as_):
    answered(0.5)
    made = drawn(workspace, labellers=["sato"])
    sato = as_("sato")
    with pytest.raises(Conflict, match="not yours"):
        label(workspace, id=made.id, place=0, value=1)
    with pytest.raises(InvalidInput):
        label(sato, id=made.id, place=0, value="maybe")
    with pytest.raises(InvalidInput, match="or skip"):
        label(sato, id=made.id, place=0)
    assert label(sato, id=made.id, place=0, skip=True).skipped == 1


def test_only_who_may_see_what_came_in_labels(workspace, answered, as_):
    answered(0.5)
    drawn(workspace)
    for role in ("viewer", "service"):
        with pytest.raises(Forbidden):
            next_item(as_(role, role), endpoint="delay")


def test_a_sample_that_can_not_be_is_refused(workspace, answered):
    answered(0.5)
    for given in (
        {"size": 0},
        {"size": 10_001},
        {"each": 2, "labellers": ["a"]},
        {"each": 0},
        {"labellers": ["a"] * 51},
    ):
        with pytest.raises(InvalidInput):
            drawn(workspace, **given)


def test_uncertainty_suits_the_task():
    probabilities = pl.DataFrame({"_output:probabilities": [[0.9, 0.1, 0.0], [0.4, 0.35, 0.25]]})
    multiclass = task_of({"task": "multiclass", "classes": ["a", "b", "c"]})
    assert uncertainty(probabilities, multiclass).arg_max() == 1
    multilabel = task_of({"task": "multilabel", "classes": ["a", "b", "c"]})
    assert uncertainty(probabilities, multilabel).arg_max() == 1
    wide = pl.DataFrame({"_score": [1.0, 1.0], "_output:low": [0.0, 0.9], "_output:high": [2.0, 1.1]})
    assert uncertainty(wide, task_of("interval")).arg_max() == 0
    along = pl.DataFrame({"_score": [1.0, 1.0], "_shadow:model/x@2": [1.1, 3.0]})
    assert uncertainty(along, task_of("regression")).arg_max() == 1
    with pytest.raises(InvalidInput, match="don't tell"):
        uncertainty(pl.DataFrame({"_score": [1.0]}), task_of("regression"))


def test_the_form_suits_the_task():
    kinds = {"regression": "number", "generic": "text"}
    assert {name: form_of(task_of(name)).kind for name in kinds} == kinds
    assert form_of(task_of({"task": "multilabel", "classes": ["a", "b"]})).kind == "choices"
    assert form_of(task_of({"task": "binary", "classes": ["no", "yes"]})).choices == ["no", "yes"]


def test_a_prediction_that_retention_removed_is_nobodys_turn(workspace, answered):
    first, second = answered(0.5), answered(0.6)
    drawn(workspace, size=2)
    with workspace.db.write() as tx:
        for table in (uncounted_batch, prediction_batch):
            key = table.c.get("batch_id", table.c.get("id"))
            tx.execute(delete(table).where(key == first[0].partition(".")[0]))
    assert order(workspace) == second
