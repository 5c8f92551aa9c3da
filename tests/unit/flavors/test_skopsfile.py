"""A model file is data: what could run code or crash is refused, and equal models are equal bytes."""

import contextlib
import errno
import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.errors import Busy, TooLarge, UnsafeModel

pytest.importorskip("skops")

import skops.io
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from meguru.flavors.skopsfile import audit, dumps, loads, names

RNG = np.random.default_rng(3)
X = np.column_stack([RNG.integers(0, 6, 400), RNG.normal(size=(400, 3))]).astype(float)
Y = (X[:, 0] % 2 + X[:, 1] > 0.7).astype(int)
MODELS = {
    "boosting": HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "boosting regression": HistGradientBoostingRegressor(max_iter=5, random_state=0),
    "boosting with categories": HistGradientBoostingClassifier(
        max_iter=5, categorical_features=[0], random_state=0
    ),
    "forest": RandomForestClassifier(5, random_state=0),
    "tree": DecisionTreeRegressor(max_depth=4, random_state=0),
    "linear": LogisticRegression(),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "columns": make_pipeline(
        ColumnTransformer(
            [("c", OneHotEncoder(), [0]), ("n", StandardScaler(), [1, 2])], remainder="passthrough"
        ),
        LogisticRegression(),
    ),
    "ufunc": make_pipeline(FunctionTransformer(np.abs), LogisticRegression()),
}


@pytest.fixture(params=MODELS, ids=str)
def model(request):
    return MODELS[request.param].fit(X, Y)


def test_a_model_comes_back_with_the_same_answers(model):
    np.testing.assert_array_equal(loads(dumps(model)).predict(X), model.predict(X))


def test_plain_skops_reads_our_files(model):
    data = dumps(model)
    read = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    np.testing.assert_array_equal(read.predict(X), model.predict(X))


def test_the_file_skops_writes_is_read_too(model):
    np.testing.assert_array_equal(loads(skops.io.dumps(model)).predict(X), model.predict(X))


COLD = """
import sys, threading
from pathlib import Path
from meguru.flavors.skopsfile import loads

data, faults, start = Path(sys.argv[1]).read_bytes(), [], threading.Barrier(8)

def load():
    start.wait()
    try:
        loads(data)
    except Exception as error:
        faults.append(repr(error))

threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(faults)
"""


def test_the_first_models_of_a_process_can_be_loaded_by_many_threads_at_once(tmp_path):
    file = tmp_path / "model.skops"
    file.write_bytes(dumps(MODELS["forest"].fit(X, Y)))
    done = subprocess.run([sys.executable, "-c", COLD, file], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class Failing(zipfile.ZipFile):
    """An archive on a machine that has a trouble of its own."""

    trouble: BaseException

    def read(self, name, pwd=None):
        raise self.trouble


@pytest.mark.parametrize(
    "trouble", [MemoryError(), OSError(errno.EIO, "I/O error"), ImportError("no module"), Busy("S3 is away")]
)
def test_a_trouble_of_this_machine_does_not_make_a_file_malformed(trouble):
    archive = Failing(io.BytesIO(dumps(MODELS["linear"].fit(X, Y))))
    archive.trouble = trouble
    with pytest.raises(type(trouble)):
        audit.audit(archive)


@pytest.mark.parametrize("content", [OSError("Invalid data stream"), KeyError("cupy"), RecursionError()])
def test_what_the_bytes_of_a_file_make_a_parser_raise_is_malformed(content):
    archive = Failing(io.BytesIO(dumps(MODELS["linear"].fit(X, Y))))
    archive.trouble = content
    with pytest.raises(UnsafeModel, match="malformed"):
        audit.audit(archive)


PROGRAM = """
import sys, numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from meguru.flavors.skopsfile import dumps
X = np.random.default_rng(0).normal(size=(300, 4)); y = X[:, 0] > 0
kinds = (HistGradientBoostingClassifier, RandomForestClassifier)
written = [dumps(kind(random_state=0).fit(X, y)) for kind in kinds]
written.append(dumps(CountVectorizer(stop_words={"a", "b", "the", "of"})))
"""


def test_two_processes_write_the_same_bytes_and_a_new_one_imports_no_pytorch():
    here: dict = {}
    exec(PROGRAM, here)
    told = "sys.stdout.buffer.write(b''.join(written)); print('torch' in sys.modules, file=sys.stderr)"
    there = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM + told],
        env=os.environ | {"PYTHONHASHSEED": "2"},
        capture_output=True,
        check=True,
    )
    assert there.stderr.split() == [b"False"]
    assert there.stdout == b"".join(here["written"])
    assert len(there.stdout) > 10_000


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (Birch(), "Birch"),
        (make_pipeline(FunctionTransformer(os.path.basename)), "basename"),
    ],
)
def test_a_type_that_is_not_on_our_list_is_named(estimator, named):
    with pytest.raises(UnsafeModel, match=named):
        dumps(estimator.fit(X, Y))


def test_the_list_is_of_exact_names_without_dots():
    for pairs in names.allowed().values():
        assert all("." not in name for _, name in pairs)


def rewritten(data, change, files=None):
    """Return a skops file with its schema (and array files) changed."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    schema = json.loads(source.read("schema.json"))
    change(schema)
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = (
                json.dumps(schema) if name == "schema.json" else (files or {}).get(name, source.read(name))
            )
            archive.writestr(name, content)
    return target.getvalue()


def attack(module, name, loader):
    def change(schema):
        schema["content"]["content"]["evil"] = {"__module__": module, "__class__": name, "__loader__": loader}

    return change


@pytest.mark.parametrize(
    ("module", "name", "loader"),
    [
        ("os", "system", "FunctionNode"),
        ("builtins", "eval", "TypeNode"),
        ("posix", "system", "ObjectNode"),
        ("sklearn.utils._testing", "os.system", "FunctionNode"),
        ("operator", "methodcaller", "OperatorFuncNode"),
        ("numpy", "frompyfunc", "FunctionNode"),
        ("sklearn.linear_model._logistic", "LogisticRegression", "MethodNode"),
        ("builtins", "dict", "CachedNode"),
        ("sklearn.linear_model._logistic", "LogisticRegression", "TypeNode"),
    ],
)
def test_a_type_slipped_into_the_schema_is_refused(module, name, loader):
    data = rewritten(dumps(LogisticRegression().fit(X, Y)), attack(module, name, loader))
    with pytest.raises(UnsafeModel):
        loads(data)


def test_two_objects_under_one_id_are_refused():
    def change(schema):
        fields = list(schema["content"]["content"].values())
        fields[0]["__id__"] = fields[1]["__id__"] = 7
        assert fields[0] != fields[1]

    with pytest.raises(UnsafeModel, match="malformed"):
        loads(rewritten(dumps(LogisticRegression().fit(X, Y)), change))


def damaged(model, field, value):
    """Return the file of a model in one of whose trees `field` of the first node is `value`."""
    data = dumps(model)
    source = zipfile.ZipFile(io.BytesIO(data))
    files = {}
    for name in source.namelist():
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(source.read(name)))
            if array.dtype.names and field in array.dtype.names and len(array) > 3:
                array[field][0] = value
                buffer = io.BytesIO()
                np.save(buffer, array)
                files[name] = buffer.getvalue()
    assert files
    return rewritten(data, lambda _: None, files)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("boosting", "left", 1_000_000),
        ("boosting", "right", 0),
        ("boosting", "feature_idx", 99),
        ("boosting", "feature_idx", -1),
        ("boosting", "is_categorical", 1),
        ("forest", "left_child", 1_000_000),
        ("forest", "right_child", 0),
        ("forest", "feature", 99),
        ("tree", "feature", -5),
    ],
)
def test_a_tree_that_would_crash_the_process_is_refused(kind, field, value):
    with pytest.raises(UnsafeModel, match="malformed"):
        loads(damaged(MODELS[kind].fit(X, Y), field, value))


def test_a_model_that_claims_more_features_than_it_has_is_refused():
    def change(schema):
        schema["content"]["content"]["n_features_in_"]["content"] = "1"

    with pytest.raises(UnsafeModel, match="malformed"):
        loads(rewritten(dumps(HistGradientBoostingClassifier(max_iter=5).fit(X, Y)), change))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(UnsafeModel):
        loads(data)


@pytest.fixture(scope="module")
def written():
    return dumps(MODELS["boosting with categories"].fit(X, Y))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_array_is_read_or_refused_and_never_crashes(written, data):
    with zipfile.ZipFile(io.BytesIO(written)) as source:
        members = [name for name in source.namelist() if name.endswith(".npy")]
        name = data.draw(st.sampled_from(members))
        content = bytearray(source.read(name))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged_file = rewritten(written, lambda _: None, {name: bytes(content)})
    try:
        model = loads(damaged_file)
    except UnsafeModel:
        return
    with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        model.predict(X[:5])  # Python may well object; the process must live


def test_many_objects_of_one_small_file_take_as_much_as_they_are(monkeypatch):
    array = np.zeros(1000)
    model = StandardScaler().fit(np.ones((3, 1000)))
    model.mean_, model.var_, model.scale_ = array, array.copy(), array.copy()
    data = dumps(model)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        stored = sum(entry.file_size for entry in archive.infolist())
    assert stored < 3 * array.nbytes
    monkeypatch.setattr(audit, "MAX_BYTES", stored)
    with pytest.raises(TooLarge, match="unpacks to too much"):
        loads(data)
