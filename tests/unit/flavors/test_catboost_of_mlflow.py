"""CatBoost's models as MLflow logs them: as JSON they are read, its binary format says what to do."""

import json

import numpy as np
import pytest
import yaml

from meguru.errors import UnsafeModel
from meguru.flavors.bundle import load_bundle

catboost = pytest.importorskip("catboost")
X = np.random.default_rng(0).normal(size=(100, 2))


@pytest.fixture
def logged(tmp_path):
    """Return what saves a model as ``mlflow.catboost.log_model(…, format=FORMAT)`` does."""
    settings = {"iterations": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    model = catboost.CatBoostClassifier(**settings).fit(X, X[:, 0] > 0)

    def save(form):
        model.save_model(str(tmp_path / "model.cb"), format=form)
        tensor = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]
        options = {"data": "model.cb", "model_type": "CatBoostClassifier", "save_format": form}
        described = {"flavors": {"catboost": options}, "signature": {"inputs": json.dumps(tensor)}}
        (tmp_path / "MLmodel").write_text(yaml.safe_dump(described))
        return model

    return save


def test_a_model_in_json_answers_as_the_library(logged, tmp_path):
    model = logged("json")
    found = load_bundle(tmp_path).predict(X[:5])
    assert found == pytest.approx(model.predict_proba(X[:5])[:, 1])


def test_a_model_in_the_binary_format_says_how_to_log_it(logged, tmp_path):
    logged("cbm")
    with pytest.raises(UnsafeModel) as caught:
        load_bundle(tmp_path)
    assert "format='json'" in caught.value.hint
