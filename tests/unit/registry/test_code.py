"""A model that is code is registered by those who may have code run here, and by nobody else."""

import importlib
import sys

import polars as pl
import pytest

from meguru.artifacts import trees
from meguru.errors import Forbidden, TimedOut
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.kernel.principals import Principal
from meguru.registry.load import load_model
from meguru.registry.register import register
from meguru.serving.loaded_model import rehearsed


@pytest.fixture
def tree(workspace, tmp_path, monkeypatch):
    (tmp_path / "area_code.py").write_text("def predict(frame):\n    return frame['area'].to_numpy() * 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("area_code")
    frame = pl.DataFrame({"area": [1.0, 2.0]})
    save_bundle(Model(estimator=module.predict, example=frame, task="regression"), tmp_path / "model")
    sys.modules.pop("area_code")
    return trees.put_folder(workspace.blobs, tmp_path / "model")


def test_who_may_only_write_models_may_not_register_code(workspace, tree):
    narrow = Principal(name="uma", permissions=frozenset({"model:write", "model:read"}))
    with pytest.raises(Forbidden) as refused:
        register(workspace.with_(principal=narrow), name="area", tree=tree)
    assert refused.value.lacks == "pipeline:write"


def test_it_is_registered_loaded_and_served(workspace, tree):
    version = register(workspace, name="area", tree=tree)
    assert version.flavor == "function"
    model = load_model(workspace, "area")
    served = rehearsed(model, endpoint="area", model_ref=version.ref)
    rows = served.default.decode(b'{"rows": [{"area": 4.0}]}').rows
    assert list(served.answer(rows).columns["score"]) == [8.0]
    model.predictor.host.seconds = 1e-9
    with pytest.raises(TimedOut):  # and not that the model fails: the next request may be answered
        served.answer(rows)
    model.predictor.close()
