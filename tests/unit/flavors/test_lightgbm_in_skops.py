"""LightGBM's estimators as MLflow logs them: in skops' format, of which only the booster's text is read."""

import io
import json
import zipfile

import numpy as np
import pytest
import yaml

from meguru.errors import UnsafeModel
from meguru.flavors.bundle import load_bundle
from meguru.flavors.lightgbmfile import in_skops

lightgbm = pytest.importorskip("lightgbm")
skops = pytest.importorskip("skops.io")
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 2))
LABELS = np.array(["ant", "bee", "cat"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]


@pytest.fixture(scope="module")
def estimator():
    return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, LABELS)


@pytest.fixture(scope="module")
def data(estimator):
    return skops.dumps(estimator)


def logged(folder, data):
    described = {
        "flavors": {
            "lightgbm": {
                "data": "model.skops",
                "model_class": "lightgbm.sklearn.LGBMClassifier",
                "serialization_format": "skops",
            },
            "python_function": {"loader_module": "mlflow.lightgbm"},
        },
        "signature": {
            "inputs": json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}])
        },
    }
    (folder / "model.skops").write_bytes(data)
    (folder / "MLmodel").write_text(yaml.safe_dump(described))
    return folder


def changed(data, how):
    """Return the archive with its schema changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                how(schema)
                content = json.dumps(schema).encode()
            new.writestr(name, content)
    return made.getvalue()


def test_an_estimator_answers_as_the_library_does_with_its_own_classes(tmp_path, estimator, data):
    loaded = load_bundle(logged(tmp_path, data))
    assert loaded.task.classes == ("ant", "bee", "cat")
    assert loaded.predict(X[:9]).tolist() == estimator.predict_proba(X[:9], num_threads=1).tolist()


@pytest.mark.parametrize(
    "how",
    [
        lambda schema: schema.update({"__class__": "system", "__module__": "os"}),
        lambda schema: schema["content"]["content"].pop("_Booster"),
        lambda schema: schema["content"]["content"]["_Booster"].pop("content"),
        lambda schema: schema["content"]["content"].update(_classes={"__class__": "ndarray", "type": "json"}),
        lambda schema: schema["content"]["content"]["_classes"].update(file="../elsewhere.npy"),
    ],
)
def test_what_is_no_model_of_lightgbm_is_refused(data, how):
    with pytest.raises(UnsafeModel):
        in_skops.read(changed(data, how), "here")


def test_text_that_leads_beyond_its_arrays_is_refused_as_elsewhere(tmp_path, data):
    def crafted(schema):
        handle = schema["content"]["content"]["_Booster"]["content"]["content"]["_handle"]
        handle["content"] = json.dumps(
            json.loads(handle["content"]).replace("split_feature=", "split_feature=99 ")
        )

    with pytest.raises(UnsafeModel):
        load_bundle(logged(tmp_path, changed(data, crafted)))


def test_a_schema_that_grows_beyond_reason_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (4 << 20))
    with pytest.raises(UnsafeModel):
        in_skops.read(made.getvalue(), "here")
