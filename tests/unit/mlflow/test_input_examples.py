"""Models that MLflow's own client logged: verified by the input example that it keeps beside them."""

import json
import shutil

import pytest
import yaml

from meguru.artifacts import trees
from meguru.errors import InvalidInput
from meguru.flavors import bundle, mlmodel
from meguru.registry.client import add_model
from meguru.registry.load import load_model
from meguru.testing.models import COLUMNS, make_model
from meguru.tracking.runs import start

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
ROWS = [[0.5, -1.0], [2.0, 1.5]]
SPLIT = {"columns": list(COLUMNS), "data": ROWS}
TOLD = {"artifact_path": "input_example.json", "type": "dataframe", "pandas_orient": "split"}
TENSOR = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]


@pytest.fixture
def logged(saved, tmp_path):
    """Return what makes a folder as MLflow's client writes it: nothing of ours, perhaps an example."""

    def make(inputs=None, example=SPLIT, told=TOLD):
        folder = shutil.copytree(saved, tmp_path / "logged")
        for name in (bundle.EXAMPLE, bundle.BASELINE, bundle.HOLDOUT, bundle.EVALUATION):
            (folder / name).unlink(missing_ok=True)
        path = folder / mlmodel.FILE
        described = yaml.safe_load(path.read_text())
        del described["flavors"]["meguru"]
        described["signature"] = {"inputs": json.dumps(inputs)} if inputs else None
        if example is not None:
            (folder / "input_example.json").write_text(json.dumps(example))
            described["saved_input_example_info"] = told
        path.write_text(yaml.safe_dump(described))
        return folder

    return make


def columns(workspace):
    return [
        (each.name, each.type.value, each.nullable)
        for each in load_model(workspace, "delay").signature.inputs
    ]


def test_the_example_gives_the_signature_and_what_the_model_must_answer_again(workspace, logged):
    version = add_model(workspace, "delay", logged())
    assert version.is_verified
    assert columns(workspace) == [("hour", "double", False), ("wind", "double", False)]
    loaded = load_model(workspace, "delay")
    expected = make_model().estimator.predict_proba(ROWS)[:, 1].tolist()
    assert loaded.example.scores == pytest.approx(expected)
    assert [row["hour"] for row in loaded.example.rows] == [0.5, 2.0]
    assert "input_example.json" in {
        each.path for each in trees.read_tree(workspace.blobs, version.tree_digest)
    }


def test_registered_again_it_is_the_same_version(workspace, logged):
    folder = logged()
    first = add_model(workspace, "delay", folder)
    assert add_model(workspace, "delay", folder) == first


@pytest.mark.parametrize(
    "example",
    [
        {"inputs": ROWS},
        {"dataframe_split": SPLIT},
        [dict(zip(COLUMNS, row, strict=True)) for row in ROWS],
        {"hour": [0.5, 2.0], "wind": [-1.0, 1.5]},
    ],
)
def test_each_form_in_which_mlflow_keeps_an_example_is_read(workspace, logged, example):
    add_model(workspace, "delay", logged(TENSOR if "inputs" in example else None, example))
    assert [list(row.values()) for row in load_model(workspace, "delay").example.rows] == ROWS


def test_a_matrix_of_a_tensors_width_is_a_signature(workspace, logged):
    add_model(workspace, "delay", logged(TENSOR, None))
    assert columns(workspace) == [("x0", "double", False), ("x1", "double", False)]


def test_a_number_that_is_missing_in_the_example_may_be_missing_in_a_request(workspace, logged):
    inputs = [{"type": "double", "name": name, "required": True} for name in COLUMNS]
    folder = logged(inputs, SPLIT | {"data": [[0.5, None]]})
    with pytest.raises(InvalidInput, match="fails on its own example") as caught:
        add_model(workspace, "delay", folder)
    assert "NaN" in caught.value.why  # it is the logistic regression that takes none, not the signature


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (None, None),
        ("a text", TOLD),
        ({"inputs": [[[1.0]]]}, TOLD),
        ([], TOLD),
        (SPLIT | {"columns": ["hour", "hour"]}, TOLD),
        (SPLIT | {"data": [[1.0]]}, TOLD),
    ],
)
def test_without_signature_and_example_the_reason_says_what_to_write(
    mlflow, workspace, logged, example, told
):
    run = start(workspace, experiment="tests").id
    for path in sorted(logged(None, example, told).rglob("*")):
        name = path.relative_to(path.parent).as_posix()
        mlflow.http.put(f"{PROXY}/1/{run}/artifacts/model/{name}", content=path.read_bytes())
    mlflow.post("registered-models/create", name="delay")
    source = f"mlflow-artifacts:/1/{run}/artifacts/model"
    made = mlflow.post("model-versions/create", name="delay", source=source, run_id=run)["model_version"]
    assert "no signature" in made["status_message"]
    assert "input_example=" in made["status_message"]


def test_an_example_elsewhere_than_in_the_folder_is_not_read(workspace, logged, tmp_path):
    (tmp_path / "outside.json").write_text(json.dumps(SPLIT))
    folder = logged(None, SPLIT, TOLD | {"artifact_path": "../outside.json"})
    (folder / "input_example.json").unlink()
    with pytest.raises(InvalidInput, match="no signature"):
        add_model(workspace, "delay", folder)


def test_a_model_that_does_not_take_its_example_is_not_verified(workspace, logged):
    with pytest.raises(InvalidInput, match="fails on its own example"):
        add_model(
            workspace, "delay", logged(None, SPLIT | {"columns": ["a", "b", "c"], "data": [[1.0, 2.0, 3.0]]})
        )


def test_a_task_in_mlflows_metadata_is_the_models(workspace, logged):
    def with_task(task):
        folder = logged()
        path = folder / mlmodel.FILE
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"metadata": {"task": task}}))
        return folder

    folder = with_task({"task": "anomaly"})
    assert add_model(workspace, "odd", folder).task == "anomaly"
    shutil.rmtree(folder)
    folder = with_task({"task": "binary", "classes": "two"})
    with pytest.raises(InvalidInput):
        add_model(workspace, "delay", folder)
    shutil.rmtree(folder)
    for task in ("binary", "llm/v1/chat"):
        folder = with_task(task)
        assert add_model(workspace, "delay", folder).task == "binary"
        shutil.rmtree(folder)
