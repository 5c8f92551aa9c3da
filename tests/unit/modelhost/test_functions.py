"""Functions, classes and objects of a project are models; only their own process runs their code."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors.bundle import load_bundle
from meguru.modelhost import manifest
from meguru.modelhost.function_model import FunctionModel


def test_a_function_answers_from_its_code_in_the_folder_alone(project, saved, rows):
    model = saved(project.double)
    assert model.flavor == "function"
    assert model.predict(rows).tolist() == [20.0, 40.0, 60.0]
    code = sorted(path.name for path in (model.folder / manifest.CODE).iterdir())
    assert code == ["pricing_code.py", "ratebook.py"]


def test_a_class_is_made_with_its_files_and_arguments(project, saved, rows, tmp_path):
    (tmp_path / "base.json").write_text("5")
    target = FunctionModel(target=project.Pricing, files=[tmp_path / "base.json"], arguments={"scale": 3.0})
    assert saved(target).predict(rows).tolist() == [35.0, 65.0, 95.0]


def test_an_object_keeps_its_state(project, saved, rows):
    model = saved(project.Fitted(0.5))
    assert model.predict(rows).tolist() == [10.5, 20.5, 30.5]


def test_outputs_by_name_of_any_type(project, saved, rows):
    outputs = [{"name": "text", "type": "string"}, {"name": "area", "type": "double"}]
    model = saved(project.named, task={"task": "generic", "outputs": outputs})
    answer = model.task.answer(model.predict(rows), 3)
    assert list(answer["text"]) == ["10 m2", "20 m2", "30 m2"]


def test_a_vector_for_each_row(project, saved, rows):
    model = saved(project.quantiles, task={"task": "quantile", "levels": [0.1, 0.5, 0.9]})
    assert model.task.answer(model.predict(rows), 3)["score"].tolist() == [10.0, 20.0, 30.0]


def test_a_pipeline_with_a_function_of_the_project_inside(project, saved):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    draw = np.random.default_rng(0)
    features = draw.normal(size=(60, 2))
    late = (features[:, 0] ** 2 > 1).astype(int)
    steps = make_pipeline(FunctionTransformer(project.squared), StandardScaler(), LogisticRegression())
    steps.fit(features, late)
    example = pl.DataFrame(features, schema=["a", "b"])
    model = saved(steps, task=None, example=example)
    assert (model.flavor, model.task.key) == ("function", "binary")
    assert model.predict(example).tolist() == steps.predict_proba(features)[:, 1].tolist()


def test_equal_models_are_equal_folders(project, saved):
    def content(model):
        files = (path for path in model.folder.rglob("*") if path.is_file())
        return {path.relative_to(model.folder): path.read_bytes() for path in files}

    assert content(saved(project.Fitted(0.5))) == content(saved(project.Fitted(0.5)))


def test_nothing_of_the_project_is_imported_by_who_loads_it(project, saved, rows, monkeypatch):
    model = saved(project.double)
    for name in ("pricing_code", "ratebook"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if "project" not in place])
    assert load_bundle(model.folder, code=True).predict(rows).tolist() == [20.0, 40.0, 60.0]
    assert "pricing_code" not in sys.modules


def test_it_is_not_loaded_where_nobody_said_that_code_may_run(project, saved):
    folder = saved(project.double).folder
    with pytest.raises(UnsafeModel):
        load_bundle(folder)


def test_a_function_that_nothing_leads_to_is_refused(project, saved):
    del project
    with pytest.raises(InvalidInput, match="by its name"):
        saved(lambda frame: frame)


def test_a_function_has_to_say_its_task(project, saved):
    with pytest.raises(InvalidInput) as refused:
        saved(project.double, task=None)
    assert refused.value.field == "task"


def test_code_of_the_same_answers_with_other_shapes_is_refused_when_it_is_saved(project, saved):
    with pytest.raises(InvalidInput):
        saved(project.quantiles)


@pytest.mark.parametrize(
    ("field", "value"),
    [("module", "os; rm"), ("modules", {"x": "../../x.py"}), ("lock", "../uv.lock"), ("kind", "shell")],
)
def test_a_manifest_that_leads_elsewhere_is_refused(project, saved, field, value):
    import msgspec

    folder = saved(project.double).folder
    path = Path(folder) / manifest.FILE
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | {field: value}))
    with pytest.raises(InvalidInput):
        load_bundle(folder, code=True)


def test_one_that_a_step_was_given_can_be_returned_again(project, saved, rows):
    first = saved(project.Fitted(0.5))
    again = saved(first.predictor)
    assert again.predict(rows).tolist() == [10.5, 20.5, 30.5]
    assert (again.folder / manifest.FILE).read_bytes() == (first.folder / manifest.FILE).read_bytes()
