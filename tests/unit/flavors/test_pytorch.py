"""Exported programs answer as PyTorch does, bit for bit; what could run code is refused before that."""

import io
import json
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from meguru.errors import InvalidInput, MeguruError, TooLarge, UnsafeModel
from meguru.flavors import pt2file, safetensors
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.testing.networks.torch import Scaled

pytestmark = pytest.mark.xdist_group("torch")  # importing it takes seconds: in one process only
RNG = np.random.default_rng(3)
FRAME = pl.DataFrame({name: RNG.normal(size=40) for name in ("a", "b", "c")})
ROWS = torch.export.Dim("rows")


class Pictures(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.dense = nn.Linear(4 * 4 * 4, 5)

    def forward(self, picture):
        found = nn.functional.max_pool2d(self.norm(self.conv(picture.unsqueeze(1))).relu_(), 2)
        return self.dense(found.flatten(1)).softmax(dim=-1)


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.lstm = nn.Embedding(50, 8), nn.LSTM(8, 6, batch_first=True)
        self.attend = nn.MultiheadAttention(6, 2, batch_first=True)
        self.dense = nn.Linear(6, 1)

    def forward(self, tokens, age):
        found, _ = self.lstm(self.embed(tokens))
        found, _ = self.attend(found, found, found, need_weights=False)
        return self.dense(found.mean(dim=1)) + age.reshape(-1, 1), found[:, -1]


def given(frame):
    """Return a frame in the layout in which a model gets it: sums of floats depend on it."""
    return torch.from_numpy(np.ascontiguousarray(frame.to_numpy(), dtype=np.float32))


def bits(program, *given):
    data = io.BytesIO()
    torch.export.save(program, data)
    ours = pt2file.Compiled(pt2file.read_program(pt2file.cleaned(data.getvalue())))
    names = [spec.name for spec in ours.inputs]
    return ours(dict(zip(names, (each.numpy() for each in given), strict=True)))


@pytest.mark.parametrize("rows", [1, 7])
def test_a_network_of_pictures_answers_bit_for_bit(rows):
    module = Pictures().eval()
    program = torch.export.export(module, (torch.zeros(2, 8, 8),), dynamic_shapes=({0: ROWS},))
    picture = torch.randn(rows, 8, 8)
    with torch.no_grad():
        expected = program.module()(picture)
    np.testing.assert_array_equal(bits(program, picture)[0], expected.numpy())


def test_a_network_of_words_answers_bit_for_bit_with_all_its_outputs():
    module = Words().eval()
    shapes = ({0: ROWS}, {0: ROWS})
    warnings.simplefilter("ignore")  # the exporter's, of its own layers
    program = torch.export.export(
        module, (torch.zeros(2, 9, dtype=torch.int64), torch.zeros(2, 1)), dynamic_shapes=shapes
    )
    given = torch.randint(0, 50, (4, 9)), torch.randn(4, 1)
    with torch.no_grad():
        expected = program.module()(*given)
    for found, wanted in zip(bits(program, *given), expected, strict=True):
        np.testing.assert_array_equal(found, wanted.numpy())


def test_a_module_is_exported_when_it_is_saved_and_stays_as_it_was(tmp_path):
    module = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    bundle = save_bundle(Model(estimator=module, example=FRAME, task="multioutput"), tmp_path / "m")
    assert module.training
    assert bundle.task.targets == ("y0", "y1")
    with torch.no_grad():
        expected = module.eval()(given(FRAME[:20]))
    np.testing.assert_array_equal(load_bundle(tmp_path / "m").predict(FRAME[:20]), expected.double().numpy())


def test_columns_of_lists_feed_the_inputs_of_their_names(tmp_path):
    frame = pl.DataFrame({"age": RNG.normal(size=4), "tokens": RNG.integers(0, 50, (4, 9))})
    task = {"task": "generic", "outputs": [{"name": "next"}, {"name": "state", "shape": [6]}]}
    with pytest.raises(
        InvalidInput, match="does not answer"
    ):  # a score of shape (rows, 1) is no plain number
        save_bundle(Model(estimator=Words(), example=frame, task=task), tmp_path / "m")
    task["outputs"][0]["shape"] = [1]
    save_bundle(Model(estimator=Words(), example=frame, task=task), tmp_path / "n")
    loaded = load_bundle(tmp_path / "n")
    loaded.check()
    assert {name: np.shape(each) for name, each in loaded.predict(frame).items()} == {
        "next": (4, 1),
        "state": (4, 6),
    }


def test_the_stored_file_is_one_that_pytorch_reads_and_names_no_path_of_the_author(tmp_path):
    save_bundle(Model(estimator=nn.Linear(3, 1), example=FRAME, task="regression"), tmp_path / "m")
    data = (tmp_path / "m" / "model.pt2").read_bytes()
    assert os.fsencode(Path(nn.__file__).parent) not in data
    program = torch.export.load(io.BytesIO(data))
    assert program.module()(torch.zeros(2, 3)).shape == (2, 1)


@pytest.mark.parametrize(
    ("module", "task", "says"),
    [
        (nn.Sequential(nn.Linear(3, 1)), None, "does not tell what it does"),
        (nn.Sequential(nn.Linear(4, 1)), "regression", "can't export"),
        (nn.Sequential(nn.Linear(3, 2)), "regression", "does not answer"),
    ],
)
def test_a_module_that_does_not_fit_is_refused(tmp_path, module, task, says):
    with pytest.raises(InvalidInput, match=says):
        save_bundle(Model(estimator=module, example=FRAME, task=task), tmp_path / "m")


def exported(module=None, example=None):
    data = io.BytesIO()
    given = torch.zeros(2, 3) if example is None else example
    program = torch.export.export((module or nn.Linear(3, 1)).eval(), (given,), dynamic_shapes=({0: ROWS},))
    torch.export.save(program, data)
    return data.getvalue()


PLAIN = exported()


def changed(change=None, *, entries=None, drop=(), data=PLAIN, compression=zipfile.ZIP_STORED):
    """Return the plain program with its graph changed, or entries put in."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    root = source.namelist()[0].partition("/")[0]
    graph = json.loads(source.read(f"{root}/models/model.json"))
    if change:
        change(graph)
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name in source.namelist():
            if name.removeprefix(root + "/") in drop:
                continue
            is_graph = name.endswith("models/model.json")
            archive.writestr(name, json.dumps(graph) if is_graph else source.read(name))
        for name, content in (entries or {}).items():
            archive.writestr(name.replace("ROOT", root), content)
    return target.getvalue()


def node_of(graph):
    return graph["graph_module"]["graph"]["nodes"][0]


def target(name):
    return lambda: changed(lambda graph: node_of(graph).update(target=name))


def argument(**said):
    return lambda: changed(lambda graph: node_of(graph)["inputs"][1].update(arg=said))


def weights(change):
    def made():
        source = zipfile.ZipFile(io.BytesIO(PLAIN))
        name = next(each for each in source.namelist() if each.endswith("model_weights_config.json"))
        said = json.loads(source.read(name))
        change(next(iter(said["config"].values())))
        short = name.partition("/")[2]
        return changed(entries={f"ROOT/{short}": json.dumps(said)}, drop={short})

    return made


def deep():
    nested = '{"as_string_to_argument":{"x":' * 2_000 + '{"as_int":1}' + "}}" * 2_000
    source = zipfile.ZipFile(io.BytesIO(PLAIN))
    name = next(each for each in source.namelist() if each.endswith("models/model.json"))
    graph = source.read(name).decode().replace('{"as_tensor":', nested + ',"as_tensor":', 1)
    return changed(entries={"ROOT/models/model.json": graph}, drop={"models/model.json"})


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("harmed",))


def pickled():
    data = io.BytesIO()
    torch.save(Evil(), data)
    return data.getvalue()


class Growing(nn.Module):
    def forward(self, x):
        for _ in range(4):
            x = x.repeat(1, 1000)
        return x


HOSTILE = {
    "os.system as an operator": target("torch.os.system"),
    "an operator that loads a library": target("torch.ops.load_library"),
    "an operator that reads files": target("torch.ops.aten.from_file.default"),
    "an operator of somebody's own": target("torch.ops.evil.run.default"),
    "torch.hub": target("torch.hub.load"),
    "a function of operator that is no arithmetic": target("_operator.methodcaller"),
    "an extension": target("#evil:op"),
    "random numbers": target("torch.ops.aten.rand_like.default"),
    "a change of its own weights": target("torch.ops.aten.add_.Tensor"),
    "a graph within the graph": argument(as_graph={"name": "g", "graph": {}}),
    "an object of its own": argument(as_custom_obj={"name": "x", "class_fqn": "os.system"}),
    "arguments nested 2,000 deep": deep,
    "a pickled weight": weights(lambda each: each.update(use_pickle=True)),
    "a weight out of the archive": weights(lambda each: each.update(path_name="../../../etc/passwd")),
    "a weight longer than its bytes": weights(
        lambda each: each["tensor_meta"].update(sizes=[{"as_int": 10**9}, {"as_int": 3}])
    ),
    "a weight that begins behind its bytes": weights(
        lambda each: each["tensor_meta"].update(storage_offset={"as_int": 10**6})
    ),
    "a weight of negative strides": weights(
        lambda each: each["tensor_meta"].update(strides=[{"as_int": -3}, {"as_int": 1}])
    ),
    "a weight of complex numbers": weights(lambda each: each["tensor_meta"].update(dtype=10)),
    "weights of the old format": lambda: changed(
        entries={"ROOT/data/weights/model.pt": pickled()}, drop={"data/weights/model_weights_config.json"}
    ),
    "compiled code": lambda: changed(entries={"ROOT/data/aotinductor/model/model.so": b"\x7fELF"}),
    "two programs": lambda: changed(entries={"ROOT/models/other.json": "{}"}),
    "a name twice": lambda: changed(entries={"ROOT/models/MODEL.json": "{}"}),
    "a path out of the archive": lambda: changed(entries={"ROOT/../../harmed": b"x"}),
    "an absolute path": lambda: changed(entries={"/etc/harmed": b"x"}),
    "a bomb": lambda: changed(entries={"ROOT/extra": bytes(64 << 20)}, compression=zipfile.ZIP_DEFLATED),
    "outputs of 10^12 values": lambda: exported(Growing()),
    "a truncated file": lambda: PLAIN[: len(PLAIN) // 2],
    "a pickle of torch.save": pickled,
    "sizes of another schema": lambda: changed(lambda graph: graph["schema_version"].update(major=99)),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_harmful_file_is_refused_before_anything_of_it_runs(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.pt2").write_bytes(HOSTILE[name]())
    with pytest.raises((UnsafeModel, TooLarge, InvalidInput)) as caught:
        save_bundle(Model(estimator=tmp_path / "net.pt2", example=FRAME, task="regression"), tmp_path / "m")
    assert caught.value.where.endswith("net.pt2")
    assert not (tmp_path / "harmed").exists()


def test_example_inputs_that_are_a_pickle_are_never_read(tmp_path, monkeypatch):
    """They are in every file of PyTorch's, so that they are left out, and not refused."""
    monkeypatch.chdir(tmp_path)
    evil = changed(
        entries={"ROOT/data/sample_inputs/model.pt": pickled()}, drop={"data/sample_inputs/model.pt"}
    )
    (tmp_path / "net.pt2").write_bytes(evil)
    save_bundle(Model(estimator=tmp_path / "net.pt2", example=FRAME, task="regression"), tmp_path / "m")
    load_bundle(tmp_path / "m").check()
    assert not (tmp_path / "harmed").exists()


def test_sizes_are_never_evaluated(tmp_path, monkeypatch):
    """PyTorch's own reader gives them to eval."""
    monkeypatch.chdir(tmp_path)

    def evil(graph):
        text = json.dumps(graph["graph_module"]["graph"]["tensor_values"])
        said = text.replace("Symbol(", "__import__('os').mkdir('harmed') or Symbol(")
        graph["graph_module"]["graph"]["tensor_values"] = json.loads(said)
        graph["guards_code"] = ["__import__('os').mkdir('harmed')"]

    (tmp_path / "net.pt2").write_bytes(changed(evil))
    save_bundle(Model(estimator=tmp_path / "net.pt2", example=FRAME, task="regression"), tmp_path / "m")
    assert not (tmp_path / "harmed").exists()


def test_a_program_that_trains_is_refused(tmp_path):
    module = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1)).train()
    program = torch.export.export(module, (torch.zeros(2, 3),), dynamic_shapes=({0: ROWS},))
    with pytest.raises(InvalidInput, match="trains"):
        save_bundle(Model(estimator=program, example=FRAME, task="regression"), tmp_path / "m")


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(safetensors.MODULES._places, "scaled", "meguru.testing.networks.torch:Scaled")


def scaled(tmp_path):
    torch.manual_seed(1)
    model = Model(estimator=Scaled(width=3, scale=2.0), example=FRAME, task="binary")
    return save_bundle(model, tmp_path / "m"), model.estimator


def test_a_registered_class_is_stored_as_its_weights(tmp_path, registered):
    bundle, module = scaled(tmp_path)
    with torch.no_grad():
        expected = module.eval()(given(FRAME))[:, 0]
    np.testing.assert_array_equal(load_bundle(tmp_path / "m").predict(FRAME), expected.double().numpy())
    assert bundle.predictor is not None
    assert (tmp_path / "m" / "model.safetensors").exists()


def test_weights_are_what_the_library_of_safetensors_reads(tmp_path, registered):
    _, module = scaled(tmp_path)
    numpy = pytest.importorskip("safetensors.numpy")
    found = numpy.load_file(tmp_path / "m" / "model.safetensors")
    for name, held in module.state_dict().items():
        np.testing.assert_array_equal(found[name], held.numpy())


def test_a_class_that_is_not_registered_is_not_made(tmp_path, registered):
    scaled(tmp_path)
    said = (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "m" / "MLmodel").write_text(said.replace("module: scaled", "module: os.system"))
    with pytest.raises(UnsafeModel, match="registered"):
        load_bundle(tmp_path / "m")


def header(**entries):
    said = json.dumps(entries).encode()
    return len(said).to_bytes(8, "little") + said + b"\0" * 16


def entry(dtype="F32", shape=(4,), offsets=(0, 16)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


TENSORS = {
    "a header of 2^60 bytes": (1 << 60).to_bytes(8, "little") + b"{}",
    "a header beyond the file": (500).to_bytes(8, "little") + b"{}",
    "a header that is no JSON": (8).to_bytes(8, "little") + b"notjson!",
    "nested without end": (4_000).to_bytes(8, "little") + b'{"a":' * 800,
    "a shape larger than its bytes": header(w=entry(shape=[1 << 40])),
    "a negative size": header(w=entry(shape=[-4])),
    "bytes beyond the file": header(w=entry(offsets=[0, 1 << 40], shape=[1 << 38])),
    "weights that overlap": header(v=entry(), w=entry(offsets=[8, 24])),
    "a gap": header(w=entry(shape=[2], offsets=[8, 16])),
    "bytes left over": header(w=entry(shape=[2], offsets=[0, 8])),
    "a type that is none": header(w=entry(dtype="OBJECT")),
    "fields of its own": header(w=entry() | {"code": "os.system"}),
    "nothing": b"",
}


@pytest.mark.parametrize("name", TENSORS)
def test_weights_that_are_not_what_they_say_are_refused(name):
    with pytest.raises(UnsafeModel):
        safetensors.loads(TENSORS[name])


def test_options_that_would_make_weights_without_bound_take_no_memory(tmp_path, registered):
    scaled(tmp_path)
    said = (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "m" / "MLmodel").write_text(said.replace("width: 3", "width: 1000000000000"))
    with pytest.raises(MeguruError):
        load_bundle(tmp_path / "m")
