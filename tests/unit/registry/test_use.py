"""What others get from the registry: a loaded model, its baseline, and a place for what pipelines make."""

import pytest

from meguru.compute.materializers.base import Value
from meguru.errors import DigestMismatch, NotFound, UnsafeModel
from meguru.kernel.operations import Context, operation
from meguru.registry.baselines import baseline_of
from meguru.registry.load import load_model
from meguru.registry.operations import register, show
from meguru.registry.sink import register_output
from meguru.stats.profile import TableProfile
from meguru.testing.events import declare_events

declare_events("test.finished")


def test_a_loaded_model_predicts_and_has_its_evidence(workspace, put_tree):
    register(workspace, name="delay", tree=put_tree())
    bundle = load_model(workspace, "model/delay@1")
    holdout = bundle.holdout()
    assert bundle.predict(holdout).shape == (100,)
    assert bundle.task.key == "binary"
    assert bundle.evaluation.label == "late"


def test_a_blob_that_was_changed_is_refused(workspace, put_tree):
    version = register(workspace, name="delay", tree=put_tree())
    path = workspace.blobs.path(version.holdout_digest)
    path.chmod(0o644)
    path.write_bytes(b"other rows")
    drop_cache(workspace)
    with pytest.raises(DigestMismatch):
        load_model(workspace, version.ref)


def test_a_changed_copy_in_the_cache_is_fetched_again(workspace, put_tree):
    version = register(workspace, name="delay", tree=put_tree())
    load_model(workspace, version.ref)
    copy = workspace.cache_folder("models") / version.tree_digest
    (copy / "model.skops").write_bytes(b"tampered")
    (copy / "added.json").write_bytes(b"{}")
    load_model(workspace, version.ref).check()
    assert not (copy / "added.json").exists()


def drop_cache(workspace):
    import shutil

    shutil.rmtree(workspace.cache_folder("models"))


def test_the_baseline_has_profile_and_metrics(workspace, put_tree):
    version = register(workspace, name="delay", tree=put_tree())
    with workspace.read() as tx:
        known = baseline_of(tx, workspace.blobs, version.ref)
        assert baseline_of(tx, workspace.blobs, "model/other@1") is None
    assert known["metrics"]["auc"] == version.metrics["auc"]
    assert set(TableProfile.from_dict(known["profile"]).columns) == {"hour", "wind", "_score"}


@operation("test.finish", permission="model:write")
def finish(ctx: Context, *, tree: str) -> str:
    """Do what the last transaction of a run does."""
    ctx.emit("test.finished", "pipeline_run/x")
    return register_output(
        ctx, name="delay", value=Value(kind="model", digest=tree, size=1), source="pipeline_run/x"
    )


def test_a_pipelines_model_is_registered_in_its_last_transaction(workspace, put_tree):
    tree = put_tree()
    assert finish(workspace, tree=tree) == "model/delay@1"
    assert finish(workspace, tree=tree) == "model/delay@1"
    assert show(workspace, ref="delay").run_ref == "pipeline_run/x"


def test_a_pipelines_pickle_is_refused(workspace, put_tree):
    tree = put_tree(change=lambda folder: (folder / "model.pkl").write_bytes(b"\x80\x04N."))
    with pytest.raises(UnsafeModel):
        finish(workspace, tree=tree)
    with pytest.raises(NotFound):
        show(workspace, ref="delay")
