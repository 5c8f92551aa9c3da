"""ONNX models score as ONNX Runtime does; one that could do harm is refused before the runtime sees it."""

import io
import re
import zipfile

import numpy as np
import polars as pl
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from meguru.errors import InvalidInput, MeguruError, TooLarge, UnsafeModel
from meguru.flavors import onnxfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.testing.networks.onnx import dense, graph

RNG = np.random.default_rng(3)
FRAME = pl.DataFrame({name: RNG.normal(size=60) for name in ("a", "b", "c")})
WEIGHTS = RNG.normal(size=(3, 4))


def relu(domain="", **more):
    return graph(
        [helper.make_node("Relu", ["x"], ["y"], domain=domain)], {"x": ["n", 3]}, {"y": ["n", 3]}, **more
    )


def test_scores_are_the_runtimes_own_bit_for_bit(tmp_path):
    model = dense(WEIGHTS, np.zeros(4), activation="Softmax")
    bundle = save_bundle(Model(estimator=model, example=FRAME, task="multiclass"), tmp_path / "m")
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": FRAME.to_numpy().astype(np.float32)})[0]
    np.testing.assert_array_equal(load_bundle(tmp_path / "m").predict(FRAME), expected.astype(np.float64))
    assert bundle.task.classes == (0, 1, 2, 3)


def test_a_file_is_taken_by_its_path(tmp_path):
    onnx.save(dense(WEIGHTS[:, :1], np.zeros(1)), tmp_path / "net.onnx")
    bundle = save_bundle(Model(estimator=tmp_path / "net.onnx", example=FRAME), tmp_path / "m")
    assert (bundle.flavor, bundle.task.key, bundle.takes) == ("onnx", "binary", "matrix")


def test_named_inputs_eat_the_columns_of_their_names(tmp_path):
    nodes = [
        helper.make_node("Flatten", ["picture"], ["flat"]),
        helper.make_node("Concat", ["flat", "age"], ["all"], axis=1),
        helper.make_node("ReduceSum", ["all", "axes"], ["scores"], keepdims=1),
    ]
    axes = numpy_helper.from_array(np.array([1]), "axes")
    model = graph(nodes, {"age": ["n", 1], "picture": ["n", 2, 2]}, {"scores": ["n", 1]}, [axes])
    frame = pl.DataFrame({"picture": [[[1.0, 2.0], [3.0, 4.0]]] * 3, "age": [1.0, 2.0, 3.0]})
    save_bundle(Model(estimator=model, example=frame, task="regression"), tmp_path / "m")
    loaded = load_bundle(tmp_path / "m")
    loaded.check()
    assert loaded.takes == "frame"
    assert loaded.signature.inputs[0].shape == (2, 2)
    assert loaded.predict(frame).tolist() == [11.0, 12.0, 13.0]


def test_outputs_of_any_kind_are_a_generic_model(tmp_path):
    model = graph(
        [helper.make_node("Identity", ["words"], ["said"])],
        {"words": ["n", 2]},
        {"said": ["n", 2]},
        dtypes={"words": TensorProto.STRING, "said": TensorProto.STRING},
    )
    frame = pl.DataFrame({"words": [["a", "b"], ["c", "d"]]})
    save_bundle(Model(estimator=model, example=frame, task="generic"), tmp_path / "m")
    loaded = load_bundle(tmp_path / "m")
    assert loaded.predict(frame) == {"said": [["a", "b"], ["c", "d"]]}
    assert [(each.name, each.type.value, each.shape) for each in loaded.task.outputs()] == [
        ("said", "string", (2,))
    ]


def test_missing_values_reach_a_float_input_as_nan(tmp_path):
    frame = FRAME.with_columns(a=pl.when(pl.col("a") > 0).then("a"))
    bundle = save_bundle(Model(estimator=dense(WEIGHTS[:, :1], np.zeros(1)), example=frame), tmp_path / "m")
    assert np.isnan(bundle.predict(frame)).tolist() == frame["a"].is_null().to_list()


WHOLE = {"x": TensorProto.INT64, "y": TensorProto.INT64}


@pytest.mark.parametrize(
    ("model", "frame", "says"),
    [
        (dense(WEIGHTS, np.zeros(4)), FRAME.select("a", "b"), "another number of columns"),
        (dense(WEIGHTS, np.zeros(4), rows=1), FRAME, "any number of rows"),
        (relu(dtypes=WHOLE), FRAME, "does not fit"),
        (relu(dtypes=WHOLE), pl.DataFrame({"a": [True], "b": ["x"], "c": [1]}), "not the model's inputs"),
        (dense(WEIGHTS, np.zeros(4)), pl.DataFrame({"a": [[1.0, 2.0]]}), "does not fit"),
        (
            dense(WEIGHTS, np.zeros(4)),
            pl.DataFrame({"a": [[1.0, 2.0, 3.0]], "b": [1.0]}),
            "not the model's inputs",
        ),
        (dense(WEIGHTS, np.zeros(4), output="a", activation="Relu"), FRAME.drop("c"), "another number"),
    ],
)
def test_columns_that_are_not_the_models_inputs_are_refused_when_it_is_saved(tmp_path, model, frame, says):
    with pytest.raises(InvalidInput, match=says) as caught:
        save_bundle(Model(estimator=model, example=frame, task="multilabel"), tmp_path / "m")
    assert caught.value.field


def test_one_column_of_vectors_feeds_one_input(tmp_path):
    frame = pl.DataFrame({"vector": FRAME.to_numpy()})
    bundle = save_bundle(
        Model(estimator=dense(WEIGHTS[:, :1], np.zeros(1)), example=frame, task="binary"), tmp_path / "m"
    )
    plain = save_bundle(
        Model(estimator=dense(WEIGHTS[:, :1], np.zeros(1)), example=FRAME, task="binary"), tmp_path / "n"
    )
    np.testing.assert_array_equal(bundle.predict(frame), plain.predict(FRAME))


def external(location):
    model = dense(WEIGHTS, np.zeros(4))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return model


def hidden_external():
    """Name a file, and say that the values are inside."""
    model = external("../../etc/passwd")
    model.graph.initializer[0].data_location = TensorProto.DEFAULT
    return model


def looping():
    body = helper.make_graph([], "body", [], [])
    return graph([helper.make_node("Loop", ["x"], ["y"], body=body)], {"x": ["n", 3]}, {"y": ["n", 3]})


def functional():
    model = relu()
    model.functions.add(name="Deep", domain="")
    return model


def making(size, operator="ConstantOfShape"):
    nodes = [
        helper.make_node(operator, ["shape"] if operator == "ConstantOfShape" else ["x", "shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["one"], keepdims=0),
        helper.make_node("Add", ["x", "one"], ["y"]),
    ]
    shape = numpy_helper.from_array(np.array(size, dtype=np.int64), "shape")
    return graph(nodes, {"x": ["n", 3]}, {"y": ["n", 3]}, [shape])


def wrong_weight(**changes):
    model = dense(WEIGHTS, np.zeros(4))
    tensor = model.graph.initializer[0]
    for name, value in changes.items():
        if name == "dims":
            del tensor.dims[:]
            tensor.dims.extend(value)
        else:
            setattr(tensor, name, value)
    return model


def deep(levels=150):
    """Nest graphs in graphs, byte by byte, as deep as no honest writer would."""
    inner = b""
    for _ in range(levels):
        # NodeProto.attribute(5) { AttributeProto.g(6) { GraphProto.node(1) { ... } } }
        node = inner
        for tag in (0x0A, 0x32, 0x2A):
            node = bytes([tag]) + varint(len(node)) + node
        inner = node
    graph_bytes = b"\x0a" + varint(len(inner)) + inner
    return b"\x08\x0a" + b"\x3a" + varint(len(graph_bytes)) + graph_bytes


def varint(number):
    found = bytearray()
    while True:
        found.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(found)


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model.onnx", b"")
    return buffer.getvalue()


HOSTILE = {
    "external data": lambda: external("weights.bin"),
    "external data out of the folder": lambda: external("../../../etc/passwd"),
    "external data by an absolute path": lambda: external("/etc/passwd"),
    "external data that says it is inside": hidden_external,
    "a custom domain": lambda: relu(domains=["evil.ops"]),
    "a custom operator": lambda: relu(domain="evil.ops", domains=["evil.ops"]),
    "an operator that no version has": lambda: graph(
        [helper.make_node("RunShell", ["x"], ["y"])], {"x": ["n", 3]}, {"y": ["n", 3]}
    ),
    "a loop": looping,
    "functions of its own": functional,
    "a constant of 29 GB": lambda: making([60_000, 60_000]),
    "an expansion without bound": lambda: making([1, 1 << 40], "Expand"),
    "a weight longer than its bytes": lambda: wrong_weight(dims=[1 << 40, 4]),
    "a weight of a negative size": lambda: wrong_weight(dims=[-3, -4]),
    "a weight of another type": lambda: wrong_weight(data_type=TensorProto.DOUBLE),
    "a weight of a type that is none": lambda: wrong_weight(data_type=99),
    "graphs nested 150 deep": deep,
    "an input of 10^18 values": lambda: graph(
        [helper.make_node("Relu", ["x"], ["y"])], {"x": ["n", 10**9, 10**9]}, {"y": ["n", 3]}
    ),
    "a truncated file": lambda: dense(WEIGHTS, np.zeros(4)).SerializeToString()[:-20],
    "no ONNX at all": lambda: b"\xff" * 100,
    "a zip": zipped,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_harmful_file_is_refused_before_the_runtime_sees_it(tmp_path, monkeypatch, name):
    made = HOSTILE[name]()
    data = made if isinstance(made, bytes) else made.SerializeToString()
    (tmp_path / "net.onnx").write_bytes(data)
    with monkeypatch.context() as patched:
        patched.delattr(ort, "InferenceSession")  # who asks for it now fails otherwise
        with pytest.raises((UnsafeModel, TooLarge)) as caught:
            onnxfile.checked((tmp_path / "net.onnx").read_bytes(), "net.onnx")
        with pytest.raises(MeguruError):
            save_bundle(
                Model(estimator=tmp_path / "net.onnx", example=FRAME, task="regression"), tmp_path / "m"
            )
    assert caught.value.where == "net.onnx"
    assert caught.value.why or caught.value.hint


def test_what_a_model_makes_while_it_computes_is_bounded(tmp_path):
    """A size that is computed can't be known before; the runtime's memory is what bounds it."""
    nodes = [
        helper.make_node("Shape", ["x"], ["rows"]),
        helper.make_node("Mul", ["rows", "factor"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["one"], keepdims=0),
        helper.make_node("Add", ["x", "one"], ["y"]),
    ]
    factor = numpy_helper.from_array(np.array([200_000, 200_000], dtype=np.int64), "factor")
    model = graph(nodes, {"x": ["n", 3]}, {"y": ["n", 3]}, [factor])
    with pytest.raises(InvalidInput, match="fails on its example") as caught:
        save_bundle(Model(estimator=model, example=FRAME, task="multilabel"), tmp_path / "m")
    assert re.search("vailable memory|bfc_arena", caught.value.why)  # as its version says it


def test_names_of_people_and_tools_are_not_stored(tmp_path):
    model = dense(WEIGHTS, np.zeros(4))
    model.doc_string, model.producer_name = "by a person", "secret-tool"
    helper.set_model_props(model, {"author": "a person"})
    save_bundle(Model(estimator=model, example=FRAME, task="multilabel"), tmp_path / "m")
    assert b"person" not in (tmp_path / "m" / "model.onnx").read_bytes()
