"""Keras models answer as Keras does; what is no plain layer is refused before Keras sees it."""

import io
import json
import zipfile

import numpy as np
import polars as pl
import pytest

import meguru.testing.networks.keras  # noqa: F401 - says on what Keras runs

pytest.importorskip("torch")
pytest.importorskip("keras")

import h5py
import keras

from meguru.errors import InvalidInput, TooLarge, UnsafeModel
from meguru.flavors import kerasfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model

pytestmark = [
    pytest.mark.xdist_group("torch"),  # importing it takes seconds: in one process only
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras's own, of NumPy
]
RNG = np.random.default_rng(3)
FRAME = pl.DataFrame({name: RNG.normal(size=40) for name in ("a", "b", "c")})
layers = keras.layers


def given(frame):
    return np.ascontiguousarray(frame.to_numpy(), dtype=np.float32)


def plain():
    return keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="softmax", name="answer")])


def test_scores_are_keras_own_bit_for_bit(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]),
            layers.Dense(8, activation="gelu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    bundle = save_bundle(Model(estimator=model, example=FRAME), tmp_path / "m")
    assert bundle.task.classes == (0, 1, 2)
    expected = model(given(FRAME), training=False).detach().numpy()
    np.testing.assert_array_equal(load_bundle(tmp_path / "m").predict(FRAME), expected.astype(np.float64))


def test_named_inputs_and_outputs(tmp_path):
    age, picture = keras.Input((1,), name="age"), keras.Input((2, 2), name="picture")
    both = layers.Concatenate()([age, layers.Flatten()(picture)])
    outputs = {"cost": layers.Dense(1, name="cost")(both), "kind": layers.Dense(2, name="kind")(both)}
    model = keras.Model({"picture": picture, "age": age}, outputs)
    frame = pl.DataFrame({"age": RNG.normal(size=4), "picture": RNG.normal(size=(4, 2, 2))})
    save_bundle(Model(estimator=model, example=frame, task="generic"), tmp_path / "m")
    loaded = load_bundle(tmp_path / "m")
    loaded.check()
    inputs = {name: frame[name].to_numpy().astype(np.float32) for name in ("age", "picture")}
    expected = model({"age": inputs["age"][:, None], "picture": inputs["picture"]}, training=False)
    found = loaded.predict(frame)
    for name in ("cost", "kind"):
        np.testing.assert_array_equal(found[name], expected[name].detach().numpy().astype(np.float64))


def test_layers_of_sequences_and_pictures_come_back(tmp_path):
    inputs = keras.Input((6, 4), name="x")
    found = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inputs)
    found = layers.MultiHeadAttention(2, 2)(found, found)
    found = layers.GlobalAveragePooling1D()(layers.Conv1D(4, 3, padding="same")(found))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(found))
    frame = pl.DataFrame({"x": RNG.normal(size=(5, 6, 4))})
    bundle = save_bundle(Model(estimator=model, example=frame), tmp_path / "m")
    assert bundle.task.key == "binary"
    expected = model(frame["x"].to_numpy().astype(np.float32), training=False).detach().numpy()[:, 0]
    np.testing.assert_array_equal(load_bundle(tmp_path / "m").predict(frame), expected.astype(np.float64))


def test_the_stored_file_is_one_that_keras_reads(tmp_path):
    model = plain()
    save_bundle(Model(estimator=model, example=FRAME), tmp_path / "m")
    again = keras.models.load_model(tmp_path / "m" / "model.keras", compile=False)
    for one, other in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.value.detach().numpy(), other.value.detach().numpy())


def saved(model=None):
    model = model or plain()
    model.compile(optimizer="sgd", loss="mse")
    path = io.BytesIO()
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.keras")
        path.write((Path(folder) / "m.keras").read_bytes())
    return path.getvalue()


@pytest.fixture(scope="module")
def good():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=DeprecationWarning)
        return saved()


def changed(data, change=None, *, entries=None, replace=None, compression=zipfile.ZIP_STORED):
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    config = json.loads(source.read("config.json"))
    if change:
        change(config)
    contents = {name: source.read(name) for name in source.namelist()}
    contents["config.json"] = json.dumps(config).encode()
    contents |= replace or {}
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in [*contents.items(), *(entries or {}).items()]:
            archive.writestr(name, content)
    return target.getvalue()


def layer(**said):
    """Put another layer in the place of the last."""
    made = {"module": "keras.layers", "registered_name": None, "config": {"name": "evil"}} | said
    return lambda data: changed(data, lambda config: config["config"]["layers"].append(made))


def setting(name, value):
    return lambda data: changed(
        data, lambda config: config["config"]["layers"][1]["config"].update({name: value})
    )


def hdf(write):
    def made(data):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            write(file)
        return changed(data, replace={"model.weights.h5": buffer.getvalue()})

    return made


def nested(data):
    inside = []
    for _ in range(900):
        inside = [inside]
    return changed(data, lambda config: config["config"].update(evil=inside))


LAMBDA = {"class_name": "__lambda__", "config": {"value": "gANjb3MKc3lzdGVtCg=="}}
FUNCTION = {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}
HOSTILE = {
    "a lambda layer": layer(class_name="Lambda", config={"name": "evil", "function": LAMBDA}),
    "a lambda as an activation": setting("activation", LAMBDA),
    "a function of a module": setting("activation", FUNCTION),
    "a class of another module": layer(module="subprocess", class_name="Popen"),
    "a class by a dotted name": layer(class_name="layers.os.system"),
    "a module below Keras that is no family": layer(
        module="keras.src.utils.file_utils", class_name="get_file"
    ),
    "a switch that turns safety off": layer(
        module="keras.config", class_name="enable_unsafe_deserialization"
    ),
    "a registered class": layer(class_name="Dense", registered_name="evil>Dense"),
    "a layer that reads files": layer(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}),
    "a layer that loads a library's model": layer(class_name="TFSMLayer", config={"filepath": "/tmp/evil"}),
    "a layer of pickled modules": layer(class_name="TorchModuleWrapper", config={"module": "gASV"}),
    "a number beyond all bounds": setting("units", 1 << 40),
    "more weights than the file holds": setting("units", 1 << 20),
    "a row of 2^34 values": layer(class_name="RepeatVector", config={"name": "evil", "n": (1 << 24) - 1}),
    "a configuration nested 900 deep": nested,
    "a configuration that is no JSON": lambda data: changed(data, replace={"config.json": b"{{{"}),
    "a model that is none": lambda data: changed(data, lambda config: config.update(class_name="Lambda")),
    "assets beside it": lambda data: changed(data, entries={"assets/vocabulary.txt": "x"}),
    "a pickle inside": lambda data: changed(data, entries={"extra.pkl": b"\x80\x04."}),
    "a path out of the archive": lambda data: changed(data, entries={"../../harmed": "x"}),
    "a name twice": lambda data: changed(data, entries={"CONFIG.json": "{}"}),
    "a bomb": lambda data: changed(
        data, replace={"metadata.json": bytes(64 << 20)}, compression=zipfile.ZIP_DEFLATED
    ),
    "weights in another file": hdf(lambda file: file.update({"x": h5py.ExternalLink("/etc/passwd", "/")})),
    "weights by a soft link": hdf(lambda file: file.update({"x": h5py.SoftLink("/y")})),
    "weights whose bytes lie in another file": hdf(
        lambda file: file.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    ),
    "weights that are text": hdf(
        lambda file: file.create_dataset("x", data=["a"], dtype=h5py.string_dtype())
    ),
    "weights of 2^40 numbers in no bytes": hdf(
        lambda file: file.create_dataset("x", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")
    ),
    "no weights": hdf(lambda file: file.create_group("layers")),
    "weights of another shape": hdf(
        lambda file: file.create_dataset("layers/answer/vars/0", data=np.zeros((300, 400)))
    ),
    "truncated weights": lambda data: changed(
        data, replace={"model.weights.h5": b"\x89HDF\r\n\x1a\n" + b"\0" * 50}
    ),
    "a truncated file": lambda data: data[: len(data) // 2],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_harmful_file_is_refused_before_anything_of_it_runs(tmp_path, monkeypatch, name, good):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.keras").write_bytes(HOSTILE[name](good))
    with pytest.raises((UnsafeModel, TooLarge)) as caught:
        save_bundle(Model(estimator=tmp_path / "net.keras", example=FRAME), tmp_path / "m")
    assert caught.value.where.endswith("net.keras")
    assert caught.value.why
    assert "SGD" not in caught.value.what  # what was trained with is left out, and is no reason
    assert not (tmp_path / "harmed").exists()


def test_weights_are_counted_before_memory_is_taken_for_them(good):
    """2^20 units would be 12 MB; the file holds sixteen numbers."""
    with pytest.raises(UnsafeModel, match="malformed") as caught:
        kerasfile.loads(setting("units", 1 << 20)(good))
    assert "16 " in caught.value.why or "hold" in caught.value.why


def test_a_process_that_runs_keras_on_something_else_says_so(tmp_path):
    save_bundle(Model(estimator=plain(), example=FRAME), tmp_path / "m")
    said = (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "m" / "MLmodel").write_text(said.replace("backend: torch", "backend: jax"))
    with pytest.raises(InvalidInput, match="jax") as caught:
        load_bundle(tmp_path / "m")
    assert "KERAS_BACKEND" in caught.value.hint
