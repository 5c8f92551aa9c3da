"""The bad model files that scanners were measured with: each is refused under whatever name it comes.

Seventeen files, of which the best deny list called fourteen bad, and the others clean.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib

import numpy as np
import pytest

from meguru.errors import InvalidInput, MeguruError, UnsafeModel
from meguru.flavors.bundle import load_bundle

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
