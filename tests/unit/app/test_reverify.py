"""What another environment would change is known before it is switched to."""

import json
import shutil
import sys

import pytest

from meguru.app.nouns import load_operations
from meguru.app.reverify import interpreter_of, reverify
from meguru.artifacts import trees
from meguru.errors import InvalidInput, NotFound
from meguru.flavors import bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.registry.client import add_model
from meguru.registry.recheck import recheck
from meguru.testing.models import make_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("model") / "folder"
    save_bundle(make_model(), made)
    return made


@pytest.fixture
def changed(folder, tmp_path):
    """Return what makes a copy of the model's folder with one of its files changed."""

    def change(name, how):
        copy = shutil.copytree(folder, tmp_path / "changed")
        path = copy / name
        path.write_text(json.dumps(how(json.loads(path.read_text()))))
        return copy

    return change


def test_a_model_that_answers_as_before_is_the_same(folder):
    found = recheck(folder)
    assert (found.verdict, found.why, found.example_rows, found.holdout_rows) == ("same", "", 5, 400)
    assert set(found.packages) == {"numpy", "scikit-learn", "skops"}


def test_a_metric_that_is_another_one_here_is_told_with_both_values(changed):
    def worse(evaluation):
        evaluation["metrics"]["auc"] -= 0.01
        return evaluation

    found = recheck(changed(bundle.EVALUATION, worse))
    assert (found.verdict, [each.metric for each in found.shifts]) == ("differs", ["auc"])
    assert found.shifts[0].after - found.shifts[0].before == pytest.approx(0.01)
    assert found.why.startswith("auc 0.")


def test_an_example_that_is_answered_otherwise_is_told(changed):
    found = recheck(changed(bundle.EXAMPLE, lambda example: example | {"scores": [0.5] * 5}))
    assert (found.verdict, "otherwise" in found.why) == ("differs", True)


def test_what_cannot_be_loaded_fails_and_says_why(tmp_path):
    found = recheck(tmp_path)
    assert (found.verdict, "MLmodel" in found.why) == ("fails", True)


def test_the_models_that_are_asked_for_are_asked_in_the_environments_python(workspace, folder):
    load_operations()
    version = add_model(workspace, "delay", folder)
    assert list(reverify(workspace)) == []
    found = list(reverify(workspace, refs=["delay", "gone"], python=interpreter_of(sys.executable)))
    assert [(each.ref, each.found.verdict) for each in found] == [(version.ref, "same"), ("gone", "fails")]
    assert trees.read_tree(workspace.blobs, version.tree_digest)


def test_an_environment_without_meguru_is_refused(tmp_path):
    with pytest.raises(NotFound):
        interpreter_of(str(tmp_path))
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'meguru'\" >&2; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(InvalidInput) as caught:
        interpreter_of(str(tmp_path))
    assert "No module named 'meguru'" in caught.value.why
