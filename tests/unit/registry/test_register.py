"""A model is registered once it was loaded safely, and its versions never change."""

import pickle
import threading

import pytest

from meguru.artifacts import trees
from meguru.artifacts.operations import lineage
from meguru.datasets.client import add_files
from meguru.errors import InvalidInput, NotFound, UnsafeModel
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.registry.client import add_model
from meguru.registry.lookups import datasets_learned_from
from meguru.registry.operations import list_models, register, show, versions
from meguru.registry.schema import model_version
from meguru.tracking.operations import add_artifact, finish, start


def log(workspace):
    with workspace.read() as tx:
        return events.read(tx)


def test_the_first_version_is_one(workspace, put_tree):
    version = register(workspace, name="delay", tree=put_tree(), params={"months": 2}, note="first")
    assert version.ref == "model/delay@1"
    assert version.flavor == "sklearn"
    assert version.signature.names == ("hour", "wind")
    assert {"auc", "label_rate", "brier"} <= version.metrics.keys()
    assert version.params == {"months": 2, "seed": 0}
    assert version.label == "late"
    assert version.size > 1000
    assert show(workspace, ref="delay") == version


def test_another_model_is_the_next_version(workspace, put_tree):
    register(workspace, name="delay", tree=put_tree(0))
    assert register(workspace, name="delay", tree=put_tree(1)).version == 2
    assert [each.version for each in versions(workspace, name="delay")] == [2, 1]


def test_an_equal_folder_makes_no_new_version(workspace, put_tree):
    first = register(workspace, name="delay", tree=put_tree())
    assert register(workspace, name="delay", tree=put_tree()) == first
    assert len(log(workspace)) == 1


@pytest.fixture
def flights(workspace, tmp_path):
    (tmp_path / "flights.csv").write_text("a\n1\n")
    return add_files(workspace, "flights", tmp_path / "flights.csv").ref


def origins(workspace, ref):
    return {edge.source: edge.claimed for edge in lineage.show(workspace, ref=ref, direction="up").edges}


def test_the_event_tells_what_was_used(workspace, put_tree, flights):
    run = start(workspace)
    version = register(workspace, name="delay", tree=put_tree(), run=run.ref, used=[flights])
    event = log(workspace)[-1]
    assert event.type == "model_version.registered"
    assert event.subject == version.ref
    assert event.id == version.event
    assert origins(workspace, version.ref) == {run.ref: False, flights: True}
    assert show(workspace, ref="delay").claimed == versions(workspace, name="delay")[0].claimed == [flights]


def test_a_run_is_proved_while_it_runs_by_its_owner_or_by_its_files(workspace, put_tree):
    ada = workspace.with_(principal=Principal(name="ada", permissions=permissions_of("data-scientist")))
    theirs, own = start(workspace), start(ada)
    assert origins(workspace, register(ada, name="a", tree=put_tree(0), run=theirs.ref).ref) == {
        theirs.ref: True
    }
    assert origins(workspace, register(ada, name="b", tree=put_tree(0), run=own.ref).ref) == {own.ref: False}
    tree = put_tree(1)
    entries = trees.read_tree(workspace.blobs, tree)
    for entry in entries[1:]:
        add_artifact(ada, run=own.id, path=f"model/{entry.path}", digest=entry.digest)
    finish(ada, run=own.id)
    assert origins(workspace, register(ada, name="c", tree=tree, run=own.ref).ref) == {own.ref: True}
    complete = start(ada)
    for entry in entries:
        add_artifact(ada, run=complete.id, path=f"model/{entry.path}", digest=entry.digest)
    finish(ada, run=complete.id)
    assert origins(workspace, register(ada, name="d", tree=tree, run=complete.ref).ref) == {
        complete.ref: False
    }


@pytest.mark.parametrize("given", [{"used": ["dataset/secret@1"]}, {"run": "run/run-x"}])
def test_an_origin_that_there_is_not_is_refused(workspace, put_tree, given):
    with pytest.raises(InvalidInput, match="there is no"):
        register(workspace, name="delay", tree=put_tree(), **given)
    assert list_models(workspace).items == []


def test_a_claimed_metric_does_not_hide_the_measured_one(workspace, put_tree):
    version = register(workspace, name="delay", tree=put_tree(), metrics={"auc": 3.0, "cost": 1.0})
    assert version.metrics["auc"] <= 1
    assert version.metrics["cost"] == 1.0


def test_a_pickle_is_refused_and_nothing_is_written(workspace, put_tree):
    tree = put_tree(change=lambda folder: (folder / "model.skops").write_bytes(pickle.dumps([1])))
    with pytest.raises(UnsafeModel, match="pickle") as caught:
        register(workspace, name="delay", tree=tree)
    assert str(workspace.root) not in caught.value.where
    assert log(workspace) == []
    with pytest.raises(NotFound):
        show(workspace, ref="delay")


def test_a_model_that_answers_otherwise_than_when_saved_is_refused(workspace, put_tree):
    def change(folder):
        text = (folder / "example.json").read_text()
        (folder / "example.json").write_text(text.replace('"scores":[0.', '"scores":[1.'))

    with pytest.raises(InvalidInput, match="otherwise"):
        register(workspace, name="delay", tree=put_tree(change=change))


def test_a_tree_that_was_not_uploaded_is_refused(workspace):
    with pytest.raises(NotFound, match="no model folder"):
        register(workspace, name="delay", tree="0" * 64)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": "Delay!"}, "name"),
        ({"tree": "x"}, "tree"),
        ({"used": ["nothing"]}, "used[0]"),
        ({"run": "@"}, "run"),
    ],
)
def test_bad_input_is_named(workspace, arguments, field):
    given = {"name": "delay", "tree": "0" * 64} | arguments
    with pytest.raises(InvalidInput) as caught:
        register(workspace, **given)
    assert caught.value.field == field


def test_the_model_is_loaded_before_the_transaction_opens(workspace, put_tree, monkeypatch):
    from meguru.flavors import bundle

    tree, free = put_tree(), []

    class Watched(bundle.Bundle):
        def check(self):
            def write():
                with workspace.db.write():
                    free.append(True)

            other = threading.Thread(target=write)
            other.start()
            other.join(60)
            super().check()

    monkeypatch.setattr(bundle, "Bundle", Watched)
    register(workspace, name="delay", tree=tree)
    assert free == [True]


def test_an_unknown_model_gets_the_near_miss(workspace, put_tree):
    register(workspace, name="delay", tree=put_tree())
    with pytest.raises(NotFound) as caught:
        show(workspace, ref="dealy")
    assert "'delay'" in caught.value.hint


def test_an_unknown_version_says_which_there_are(workspace, put_tree):
    register(workspace, name="delay", tree=put_tree())
    with pytest.raises(NotFound) as caught:
        show(workspace, ref="delay@7")
    assert "only version 1" in caught.value.why


def test_models_are_listed_by_page(workspace, put_tree):
    tree = put_tree()
    for name in ("a", "b", "c"):
        register(workspace, name=name, tree=tree)
    first = list_models(workspace, limit=2)
    assert [each.name for each in first.items] == ["a", "b"]
    rest = list_models(workspace, after=first.next_cursor)
    assert [each.latest.ref for each in rest.items] == ["model/c@1"]
    assert rest.next_cursor == ""


def test_add_model_saves_uploads_and_registers(workspace, make_model, flights):
    assert add_model(workspace, "delay", make_model(), used=[flights]).ref == "model/delay@1"


def test_a_model_learned_from_the_datasets_of_its_run(workspace, make_model, flights):
    add_model(workspace, "delay", make_model())
    run, at = "pipeline_run/prun-1", workspace.clock.now()
    with workspace.db.write() as tx:
        events.append(
            tx, type="pipeline_run.started", at=at, actor="local", operation="pipeline.run",
            subject=run, used=["pipeline/train@1", flights], produced=[run],
            data={"pipeline": "train", "version": 1, "params": {}},
        )  # fmt: skip
        tx.execute(model_version.update().values(run_ref=run))
    with workspace.read() as tx:
        assert datasets_learned_from(tx, "model/delay@1") == [flights]
