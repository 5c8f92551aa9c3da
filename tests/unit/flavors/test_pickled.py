"""A pickle is listed without being loaded, and loaded (elsewhere) only if all its names are known."""

import os
import pickle
import pickletools
import zlib
from functools import partial

import numpy as np
import pytest

from meguru.errors import InvalidInput, TooLarge, UnsafeModel
from meguru.flavors import pickles
from meguru.flavors.pickled import allowlist, packed, restricted
from meguru.flavors.pickled.listing import listed
from meguru.flavors.pickled.opcodes import OpcodeReader

joblib = pytest.importorskip("joblib")
pytest.importorskip("skops")


class Acts:
    def __init__(self, function, *arguments):
        self.what = (function, arguments)

    def __reduce__(self):
        return self.what


@pytest.fixture(scope="module")
def forest():
    from sklearn.ensemble import RandomForestClassifier

    draw = np.random.default_rng(0)
    features = draw.normal(size=(60, 3))
    return RandomForestClassifier(3, random_state=0).fit(features, (features[:, 0] > 0).astype(int))


@pytest.fixture(scope="module")
def encoder():
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder().fit(np.array([["a"], ["b"], ["ü"]], dtype=object))


WRITERS = {
    "protocol 0": lambda it, path: path.write_bytes(pickle.dumps(it, 0)),
    "protocol 2": lambda it, path: path.write_bytes(pickle.dumps(it, 2)),
    "protocol 5": lambda it, path: path.write_bytes(pickle.dumps(it, 5)),
    "joblib": joblib.dump,
    "joblib, zlib": lambda it, path: joblib.dump(it, path, compress=3),
    "joblib, xz": lambda it, path: joblib.dump(it, path, compress=("xz", 3)),
    "joblib, gzip": lambda it, path: joblib.dump(it, path, compress=("gzip", 3)),
}


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("which", ["forest", "encoder"])
def test_what_a_library_wrote_is_listed_to_its_end_and_built_again(how, which, request, tmp_path):
    model = request.getfixturevalue(which)
    WRITERS[how](model, tmp_path / "model")
    plain = packed.unpacked(tmp_path / "model", tmp_path / "plain")
    found = listed(plain.read_bytes())
    kind = type(model)
    assert (found.unreadable, found.made) == ("", f"{kind.__module__}.{kind.__qualname__}")
    assert allowlist.not_allowed(found.imports) == []
    again = restricted.load(plain)
    rows = np.zeros((2, 3)) if which == "forest" else np.array([["ü"], ["a"]], dtype=object)
    ask = "predict_proba" if which == "forest" else "transform"
    given, wanted = getattr(again, ask)(rows), getattr(model, ask)(rows)
    assert np.array_equal(
        np.asarray(getattr(given, "todense", lambda: given)()),
        np.asarray(getattr(wanted, "todense", lambda: wanted)()),
    )


BAD = {
    "a command": pickle.dumps(Acts(os.system, "true")),
    "a command, old protocol": pickle.dumps(Acts(os.system, "true"), 0),
    "eval": pickle.dumps(Acts(eval, "1")),
    "in a list in an array": pickle.dumps(np.array([[Acts(os.system, "true")]], dtype=object)),
    "a name with dots": b"\x80\x04\x8c\x05numpy\x8c\x0btesting.sysR\x93.".replace(
        b"\x0btesting.sysR", b"\x0btesting.sys"
    ),
    "a name that is computed": b"\x80\x04\x8c\x02os(]e\x93.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"\x80\x04K\x01Q.",
}


@pytest.mark.parametrize("bad", BAD)
def test_what_would_act_is_named_or_unreadable_and_never_built(bad, tmp_path):
    found = listed(BAD[bad])
    assert allowlist.not_allowed(found.imports) or found.unreadable
    (tmp_path / "bad").write_bytes(BAD[bad])
    with pytest.raises(UnsafeModel):
        restricted.load(tmp_path / "bad")


def test_two_objects_in_one_file_and_a_torn_one_are_unreadable():
    whole = pickle.dumps([1, 2, 3])
    assert listed(whole).unreadable == ""
    assert listed(whole + whole).unreadable
    assert listed(whole[:-3]).unreadable
    assert listed(b"").unreadable
    assert listed(b"not a pickle at all").unreadable


def test_an_object_array_of_joblib_is_listed_and_restricted_too(tmp_path):
    joblib.dump({"a": np.array([Acts(os.system, "true")], dtype=object)}, tmp_path / "bad")
    found = listed((tmp_path / "bad").read_bytes())
    assert f"{os.system.__module__}.system" in found.imports
    with pytest.raises(UnsafeModel):
        restricted.load(tmp_path / "bad")


def test_large_values_are_stepped_over():
    data = pickle.dumps({"weights": b"x" * 5_000_000, "of": Acts(os.getpid)}, 5)
    found = listed(data)
    assert found.instructions < 40
    assert found.imports == [f"{os.getpid.__module__}.getpid"]


def test_a_length_beyond_the_end_is_unreadable():
    assert "BINBYTES8" in {op.name for op in pickletools.opcodes}
    assert listed(b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"x.").unreadable


def test_what_unpacks_without_end_is_refused(tmp_path):
    (tmp_path / "bomb").write_bytes(zlib.compress(bytes(3_000_000)))
    with pytest.raises(TooLarge):
        packed.unpacked(tmp_path / "bomb", tmp_path / "plain", most=1_000_000)


def test_a_broken_stream_is_refused(tmp_path):
    (tmp_path / "torn").write_bytes(zlib.compress(b"x" * 1000)[:-6])
    with pytest.raises(InvalidInput):
        packed.unpacked(tmp_path / "torn", tmp_path / "plain")


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_raise_nothing(seed, forest):
    draw = np.random.default_rng(seed)
    data = bytearray(pickle.dumps(forest, 2 + seed % 4))
    for at in draw.integers(0, len(data), 40):
        data[at] = draw.integers(0, 256)
    listed(bytes(data))


@pytest.mark.parametrize("data", [b"\x80\x04}(K\x01u.", b"\x80\x04}(X\x01\0\0\0au.", b"(K\x01d."])
def test_a_mapping_with_a_key_and_no_value_is_no_pickle_that_is_read(data):
    assert listed(data).unreadable == "its instructions make no sense"


@pytest.mark.parametrize("padding", [b"N0" * 700, b"S'" + b"x" * 3_000_000 + b"'\n0", b"N" * 20])
def test_a_pickle_of_the_old_protocols_is_found_however_long_it_is(tmp_path, monkeypatch, padding):
    monkeypatch.setattr(pickles, "OpcodeReader", partial(OpcodeReader, most=1000))
    path = tmp_path / "notes.txt"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR0" + padding + b"N.")
    with pytest.raises(UnsafeModel, match="is a pickle"):
        pickles.refuse_pickle(path)
    path.write_bytes(b"tree\nversion=v4\n" + padding.replace(b"S", b"s"))
    pickles.refuse_pickle(path)
