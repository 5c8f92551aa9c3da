"""The bad model files that scanners were measured with: each is refused under whatever name it comes.

Seventeen files, of which the best deny list called fourteen bad, and the others clean.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import sys
import zipfile
import zlib

import numpy as np
import pytest

from meguru.errors import InvalidInput, MeguruError, MissingDependency, UnsafeModel
from meguru.flavors import keras, mlmodel
from meguru.flavors.bundle import load_bundle
from meguru.flavors.frames import as_frame

HARMED = "harmed-by-a-model"


class Calls:
    """Pickles as a call of whatever it is given."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def named(module, name, argument=f"open({HARMED!r}, 'w').close()"):
    """Pickle a call of a function by its name, which need not be there; `name` may be dotted."""
    text = argument.encode()
    called = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(name)])
    return called + name.encode() + b"\x93X" + len(text).to_bytes(4, "little") + text + b"\x85R."


def archive(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def array_of_objects():
    buffer = io.BytesIO()
    np.save(
        buffer, np.array([Calls(exec, f"open({HARMED!r}, 'w').close()")], dtype=object), allow_pickle=True
    )
    return buffer.getvalue()


EVIL = pickle.dumps(Calls(exec, f"open({HARMED!r}, 'w').close()"))
BAD = {
    "os.system": named("os", "system", f"touch {HARMED}"),
    "eval": named("builtins", "eval"),
    "subprocess.Popen": named("subprocess", "Popen", "true"),
    "timeit": named("timeit", "timeit"),
    "operator.methodcaller": pickle.dumps(Calls(__import__("operator").methodcaller, "system")),
    "numpy's runstring": named("numpy.testing._private.utils", "runstring"),
    "cProfile.run": named("cProfile", "run"),
    "pydoc.locate": named("pydoc", "locate", "os.system"),
    "runpy": named("runpy", "run_path", "/tmp/evil.py"),
    "joblib": EVIL,
    "joblib in zlib": zlib.compress(EVIL),
    "joblib in lzma": lzma.compress(EVIL, format=lzma.FORMAT_ALONE),
    "joblib in gzip": gzip.compress(EVIL),
    "joblib in bzip2": bz2.compress(EVIL),
    "an array of objects": array_of_objects(),
    "a zip with a wrong ending": archive({"archive/data.pkl": EVIL}),
    "two objects in one file": pickle.dumps({"weights": [1.0]}) + EVIL,
    "a truncated tail": EVIL[:-3],
    "a dotted path through scikit-learn": named("sklearn.utils", "os.system", f"touch {HARMED}"),
}
NAMES = {
    "sklearn": ("model.skops", "pickled_model"),
    "xgboost": ("model.ubj", "data"),
    "lightgbm": ("model.lgb", "data"),
    "catboost": ("model.catboost.json", "data"),
    "onnx": ("model.onnx", "data"),
    "pytorch": ("model.pt2", "file"),
    "pytorch, by its weights": ("model.safetensors", "file"),
    "keras": ("model.keras", "file"),
}
"""What each flavor calls its file, and under which word MLmodel names it."""


@pytest.mark.parametrize("flavor", NAMES)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_refused_under_every_name_and_nothing_of_it_runs(tmp_path, monkeypatch, bad, flavor):
    monkeypatch.chdir(tmp_path)
    file, word = NAMES[flavor]
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / file).write_bytes(BAD[bad])
    described = f"flavors:\n  {flavor.partition(',')[0]}:\n    {word}: {file}\n"
    if flavor == "sklearn":
        described += "    serialization_format: skops\n"
    columns = '[{\\"type\\": \\"double\\", \\"name\\": \\"a\\"}]'
    (folder / "MLmodel").write_text(f'{described}signature:\n  inputs: "{columns}"\n')
    with pytest.raises(MeguruError) as caught:
        load_bundle(folder)
    assert isinstance(caught.value, UnsafeModel | InvalidInput), caught.value
    assert caught.value.why or caught.value.hint
    assert not (tmp_path / HARMED).exists()


@pytest.mark.parametrize("name", ["notes.txt", "extra.json", "code.py", "weights.bin", "model.pth", "a.npy"])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_beside_a_model_is_refused_before_the_model_is_read(tmp_path, name, bad):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / name).write_bytes(BAD[bad])
    with pytest.raises(UnsafeModel):
        load_bundle(folder)


def test_the_files_would_do_harm(tmp_path, monkeypatch):
    """So that the tests above refuse something."""
    monkeypatch.chdir(tmp_path)
    for bad in ("eval", "joblib"):
        pickle.loads(BAD[bad])
        (tmp_path / HARMED).unlink()


LAUGHS = "\n".join(
    ["a0: &a0 [ha, ha]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)), "flavors: {x: *a59}"]
)
MERGED = "\n".join(
    [
        "a0: &a0 {b: 1}",
        *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60)),
        "flavors: *a59",
    ]
)
TENSOR = '{"type": "tensor", "tensor-spec": {"dtype": "f4", "shape": [-1, 10000]}}'
OF_ONES_SELF = "flavors: &f {sklearn: *f}"
ODD = {
    "values without end": LAUGHS,
    "merges without end": MERGED,
    "a part of itself": OF_ONES_SELF,
    "no date": "flavors: 2026-13-45",
    "a number for a name": "flavors: {5: {}, 6: {}}",
    "a list for a format": "flavors: {onnx: {serialization_format: [pickle]}, meguru: {nullable: 5}}",
    "a number of columns": "flavors: {onnx: {}, meguru: {nullable: 5}}",
    "a list of shapes": "flavors: {onnx: {}, meguru: {shapes: [1]}}",
    "no signature": "flavors: {onnx: {}}\nsignature: 5",
    "a deep signature": f"flavors: {{onnx: {{}}}}\nsignature: {{inputs: '{'[' * 100_000}'}}",
    "many tensors": f"flavors: {{onnx: {{}}}}\nsignature: {{inputs: '[{', '.join([TENSOR] * 2000)}]'}}",
}


@pytest.mark.parametrize("name", ODD)
def test_a_description_of_strange_values_is_refused(tmp_path, name):
    (tmp_path / "MLmodel").write_text(ODD[name])
    with pytest.raises(InvalidInput):
        mlmodel.read(tmp_path, ["onnx", "sklearn"])


EXAMPLES = {
    "no columns": {"columns": 5, "data": [[1]]},
    "fewer values than columns": {"inputs": [[1.0], [2.0]]},
    "more values than columns": {"inputs": [[1.0, 2.0, 3.0]]},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_input_example_that_fits_no_signature_is_none(tmp_path, name):
    inputs = json.dumps([{"type": "double", "name": name} for name in "ab"])
    described = {"flavors": {"onnx": {}}, "signature": {"inputs": inputs}}
    (tmp_path / "MLmodel").write_text(json.dumps(described))
    (tmp_path / "input_example.json").write_text(json.dumps(EXAMPLES[name]))
    assert mlmodel.read(tmp_path, ["onnx"]).example is None


def test_columns_that_become_one_name_are_refused():
    pandas = pytest.importorskip("pandas")
    for names in ([1, "1"], ["a", "a"]):
        with pytest.raises(InvalidInput, match="two columns"):
            as_frame(pandas.DataFrame([[1.0, 2.0]], columns=names))


def test_a_backend_that_a_file_names_does_not_stay_in_the_process(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    with pytest.raises(InvalidInput, match="none of its backends"):
        keras._keras("evil")
    with pytest.raises(MissingDependency):
        keras._keras("openvino")
    assert "KERAS_BACKEND" not in os.environ
