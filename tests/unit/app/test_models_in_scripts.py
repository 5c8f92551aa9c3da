"""Models from scripts, and models inside applications."""

from __future__ import annotations

import subprocess
import sys

import pytest

from meguru.app import open_workspace
from meguru.app.load_api import load
from meguru.app.run_api import run
from meguru.errors import Conflict, DigestMismatch, InvalidInput, NotFound
from meguru.flavors.bundle_writer import save_bundle
from meguru.registry.client import add_model
from meguru.testing.models import make_model
from meguru.tracking.operations import artifacts

ROW = {"hour": 1.0, "wind": 2.0}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with open_workspace() as ws:
        yield ws


@pytest.fixture(scope="module")
def model():
    return make_model()


def test_a_run_registers_what_it_trained_and_is_its_proved_origin(place, model):
    with run("train") as r:
        found = r.log_model(model, "delay", note="by hand")
    assert (found.ref, found.run_ref, found.claimed, found.note) == ("model/delay@1", r.ref, [], "by hand")
    assert found.metrics["auc"] > 0.8
    kept = {each.path for each in artifacts(place, run=r.id)}
    assert {"models/delay/MLmodel", "models/delay/model.skops"} <= kept


def test_an_estimator_without_metrics_of_its_own_gets_those_of_its_run(place, model):
    with run("train") as r:
        r.log(loss=0.5)
        r.log(loss=0.25)
        found = r.log_model(model.estimator, "delay", example=model.example)
    assert found.metrics == {"loss": 0.25}


def test_an_estimator_without_an_example_is_refused_with_what_to_write(place, model):
    with run("train") as r:
        with pytest.raises(InvalidInput) as caught:
            r.log_model(model.estimator, "delay")
        assert "example=" in caught.value.hint
        with pytest.raises(InvalidInput) as caught:
            r.log_model(model, "delay", hold_out=None)
        assert caught.value.field == "hold_out"


def test_a_name_where_the_model_should_be_is_told(place, model):
    with run("train") as r, pytest.raises(InvalidInput, match="the model comes first"):
        r.log_model("delay", model)


def test_a_model_answers_in_an_application_as_in_its_folder(place, model, tmp_path):
    version = add_model(place, "delay", model)
    found = load("delay")
    assert (found.ref, found.digest) == (version.ref, version.digest)
    direct = model.estimator.predict_proba([[1.0, 2.0]])[:, 1]
    for data in (ROW, [ROW], {"hour": [1.0], "wind": [2.0]}):
        assert found.predict(data).tolist() == direct.tolist()
    assert found.answer(ROW) == [{"score": direct[0]}]
    save_bundle(model, tmp_path / "folder")
    from_files = load(tmp_path / "folder", digest=version.digest)
    assert from_files.predict(ROW).tolist() == direct.tolist()
    with pytest.raises(InvalidInput) as caught:
        found.predict([ROW, ROW | {"wind": "strong"}])
    assert caught.value.field == "rows[1].wind"


def test_what_an_application_sends_is_checked_against_the_version(place, model):
    add_model(place, "delay", model)
    found = load("delay")
    found.check({"hour": int, "wind": "double"})
    found.check(["hour", "wind"])
    with pytest.raises(Conflict) as caught:
        found.check({"hour": str, "rain": float})
    for part in ("'wind'", "'rain'", "'hour' is double there and str here"):
        assert part in caught.value.why
    with pytest.raises(InvalidInput):
        found.check({"hour": "complex", "wind": float})


def test_a_pin_takes_one_version_and_needs_no_workspace_again(place, model, monkeypatch):
    pin = add_model(place, "delay", model).digest
    with pytest.raises(InvalidInput):
        load("delay", digest="champion")
    with pytest.raises(DigestMismatch):
        load("delay", digest="0" * 64)
    assert load("delay", digest=pin[:12]).digest == pin
    monkeypatch.setenv("MEGURU_WORKSPACE", "http://127.0.0.1:1")
    assert load("delay", digest=pin).ref == "model/delay@1"


def test_a_cached_file_that_was_changed_is_not_loaded_by_its_pin(place, model):
    pin = add_model(place, "delay", model).digest
    load("delay")
    (changed,) = place.cache_folder("models").glob("*/model.skops")
    changed.write_bytes(b"a lie")
    assert load("delay", digest=pin).predict(ROW).shape == (1,)
    assert changed.read_bytes() != b"a lie"


def test_a_version_that_is_not_there_is_refused(place):
    with pytest.raises(NotFound):
        load("delay")


def test_an_application_imports_neither_the_database_nor_polars(place, model):
    pin = add_model(place, "delay", model).digest
    load("delay")
    program = (
        "import sys, meguru\n"
        f"model = meguru.load('delay', workspace='http://127.0.0.1:1', digest={pin!r})\n"
        f"assert model.predict({ROW!r}).shape == (1,)\n"
        "import meguru.app.load_api, meguru.kernel.remote_blobs\n"
        "print([name for name in ('sqlalchemy', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_of_classes_answers_by_their_names(place):
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression().fit([[0.0], [1.0], [2.0]], ["ant", "bee", "cat"])
    with run("classes") as r:
        r.log_model(estimator, "animals", example={"size": [0.0, 2.0]})
    found = load("animals").answer([{"size": 2.0}])[0]
    expected = dict(zip(["ant", "bee", "cat"], estimator.predict_proba([[2.0]])[0].tolist(), strict=True))
    assert found == {"label": "cat", "probabilities": expected}
