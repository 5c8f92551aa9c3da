"""Packs of evidence: what is in one, and that no byte of it can be changed unseen."""

import io
import json
import random
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import polars as pl
import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.base import digests
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs as datasets
from meguru.datasets.personal.erase import erase
from meguru.datasets.types import ColumnSpec
from meguru.evidence.export import export
from meguru.evidence.pack.archive import CENTRAL, LOCAL, deflated, stored, write
from meguru.evidence.pack.read import read_pack
from meguru.evidence.parts import logs
from meguru.evidence.parts.logs import mask, path_of
from meguru.evidence.types import ATTESTATIONS, EVENTS, LINEAGE, MANIFEST, MAX_PARTS, RELEASE
from meguru.evidence.verify import verify_pack
from meguru.governance.signing_keys.server import ensure_server_key
from meguru.governance.signing_keys.statements import name_of
from meguru.kernel.principals import Principal
from meguru.registry.client import add_model
from meguru.serving.create import create as make_endpoint
from meguru.signing.dsse import IN_TOTO, read, sign
from meguru.signing.keys import SigningKey
from meguru.signing.statement import StatementSubject, read_statement
from meguru.testing.forged_packs import FORGER, forged, restated
from meguru.testing.models import make_flights, make_model

from .conftest import release


def refused(data, place=""):
    found = verify_pack(data)
    assert not found.whole
    assert place in found.faults[0].place
    assert found.faults[0].place
    assert found.faults[0].what
    return f"{found.faults[0].place}: {found.faults[0].what}"


def test_a_pack_is_whole_and_says_who_signed_it(released, pack):
    key = ensure_server_key(released).public
    found = verify_pack(pack, trusted=[key])
    assert found.faults == []
    assert (found.release, found.signer.vouched) == ("release/delay@1", True)
    once = dict.fromkeys(["release", "training", "evaluation", "scan", "lineage", "deployment"], 1)
    assert once.items() <= found.statements.items()
    assert not verify_pack(pack).signer.vouched
    assert (
        "none of those that you trust"
        in verify_pack(pack, trusted=[SigningKey.generate().public]).faults[0].what
    )


def test_what_the_check_would_not_read_is_not_written(released, monkeypatch):
    monkeypatch.setattr("meguru.evidence.pack.write.MAX_PART_BYTES", 100)
    with pytest.raises(errors.TooLarge):
        export(released, release="delay@1")
    monkeypatch.setattr("meguru.evidence.parts.source.MAX_PART_BYTES", 100)
    with pytest.raises(errors.TooLarge, match="a file of the model"):
        export(released, release="delay@1")


def test_the_same_moment_gives_the_same_bytes(released, pack):
    assert export(released, release="delay@1").data == pack


def test_any_program_opens_it_and_each_statement_is_in_toto(pack):
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        assert archive.testzip() is None
        listed = [each["path"] for each in json.loads(archive.read(MANIFEST))["parts"]]
        assert archive.namelist() == [MANIFEST, "signature.json", *listed]
        lines = archive.read(ATTESTATIONS).splitlines()
    said = [read_statement(read(line)) for line in lines]
    assert all(name_of(each.predicate_type) for each in said)
    training = next(each for each in said if name_of(each.predicate_type) == "training").predicate
    assert training["inputs"][0]["ref"] == "dataset/rows@1"
    evaluation = next(each for each in said if name_of(each.predicate_type) == "evaluation").predicate
    assert {"auc"} <= {each["metric"] for each in evaluation["measures"] if each["low"] < each["value"]}


def test_the_lineage_ends_at_the_file_that_was_read(pack):
    things = json.loads(read_pack(pack).parts["parts/lineage.json"])["things"]
    (file,) = things["dataset/rows@1"]["files"]
    assert (file["raw"][0]["path"] if "raw" in file else file["path"]) == "rows.csv"


def test_nobodys_values_are_in_it(pack):
    parts = read_pack(pack).parts
    stated = [read(line).payload for line in parts[ATTESTATIONS].splitlines()]
    for data in [*parts.values(), *stated]:
        for value in (b"Anna", b"Boris", b"anna@", b"1234 5678"):
            assert value not in data


def test_which_part_of_a_personal_column_was_measured_is_not_told(tmp_path):
    (tmp_path / "rows.csv").write_text("name,b\nAnna,2\nBoris,4\n")
    held = make_flights(300, seed=1).with_columns(pl.Series("name", ["Anna", "Boris"] * 150))
    with open_local(tmp_path / "workspace") as ws:
        datasets.declare(ws, name="rows", spec=DatasetSpec(columns={"name": ColumnSpec(tags=["pii"])}))
        add_files(ws, "rows", tmp_path / "rows.csv")
        make_endpoint(ws, name="delay", model="delay", gates=[])
        add_model(ws, "delay", replace(make_model(holdout=held), slices=["name"]), used=["dataset/rows@1"])
        data = export(ws, release=release(ws).ref).data
    lines = read_pack(data).parts[ATTESTATIONS].splitlines()
    said = [read_statement(read(line)) for line in lines]
    (told,) = (each.predicate for each in said if name_of(each.predicate_type) == "evaluation")
    assert [each["value"] for each in told["slices"]] == ["#1", "#2"]
    test_nobodys_values_are_in_it(data)


@pytest.mark.soak
def test_a_pipelines_parameters_packages_and_logs_are_in_it_and_nobodys_values(trained):
    found = read_pack(export(trained, release="delay@1").data)
    said = [read_statement(read(line)) for line in found.parts[ATTESTATIONS].splitlines()]
    training = next(each for each in said if name_of(each.predicate_type) == "training").predicate
    assert (training["parameters"]["seed"], training["seeds"]["seed"]) == (0, 0)
    assert training["steps"][0]["packages"]
    (log,) = (data for path, data in found.parts.items() if path.startswith("parts/logs/"))
    assert "fitted for •••, •••" in log.decode()
    test_nobodys_values_are_in_it(export(trained, release="delay@1").data)


def test_logs_of_steps_whose_names_are_no_ascii_are_two_parts_of_a_pack():
    first = path_of("学習", 1, [])
    assert first == "parts/logs/__-1.log"
    second = path_of("評価", 1, [first])
    assert second != first
    assert second.isascii()


def test_a_run_of_very_many_steps_has_evidence_with_the_digests_of_all_logs(monkeypatch):
    many = [
        SimpleNamespace(step=f"score.{n}", attempt=1, lines=1, blob="0" * 64)
        for n in range(logs.store.MAX_LOGS + 9)
    ]
    monkeypatch.setattr(logs.store, "of_run", lambda *_, limit: many[:limit])
    monkeypatch.setattr(logs, "text_of", lambda *_: "done\n")
    source = SimpleNamespace(
        run=SimpleNamespace(id="run"),
        ctx=SimpleNamespace(tx=None),
        about_model=StatementSubject(name="model/m@1", digest={"sha256": "0" * 64}),
    )
    found = logs.gather(source)
    assert len(found.files) == logs.MAX_TAILS < MAX_PARTS
    assert len(found.statements[0].predicate["logs"]) == len(many)


def test_a_log_line_keeps_its_moment_and_loses_what_looks_personal():
    at = "2026-01-31T12:00:00.000000Z"
    line = f"{at} out from anna@example.com at 10.0.0.1, card 4539 1488 0343 6467, n=12000"
    assert mask(line) == f"{at} out from ••• at •••, card •••, n=12000"
    assert mask("anna@example.com 5") == "••• 5"


@pytest.mark.parametrize("step", [211, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_each_byte_that_is_changed_is_seen_at_its_place(pack, step):
    unseen = []
    for index in range(0, len(pack), step):
        changed = bytearray(pack)
        changed[index] ^= 1 << (index % 8)
        found = verify_pack(bytes(changed))
        if found.whole or not found.faults[0].place:
            unseen.append(index)
    assert unseen == []


def test_a_fault_names_the_part_and_the_bytes(pack):
    at = -1
    for _ in range(3):
        at = pack.index(b"PK\x03\x04", at + 1)
    at += LOCAL.size + len(RELEASE) + 9
    changed = bytearray(pack)
    changed[at] ^= 1
    said = refused(bytes(changed), RELEASE)
    begin, end = (int(each) for each in said.split("bytes ")[1].split(" do")[0].split(" to "))
    assert begin <= at <= end
    assert "byte 10: " in refused(pack[:10] + b"\x01" + pack[11:], MANIFEST)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda data: data[:-1], "directory"),
        (lambda data: data[: len(data) // 2], "parts/"),
        (lambda data: data[:20], MANIFEST),
        (lambda _: b"", MANIFEST),
        (lambda data: data + b"\0", "end of the file"),
        (lambda data: b"\0" + data, MANIFEST),
        (lambda data: data[:-2] + b"\5\0hello", "directory"),
        (lambda data: data.replace(b"PK\x05\x06", b"PK\x06\x06"), "directory"),
    ],
    ids=["short", "half", "stump", "empty", "longer", "prefix", "comment", "zip64"],
)
def test_a_file_that_was_cut_or_grew_is_refused(pack, change, place):
    refused(change(pack), place)


def test_another_order_of_parts_another_part_and_a_name_twice_are_refused(pack):
    found = read_pack(pack)
    head = [stored(MANIFEST, found.manifest_bytes), stored("signature.json", found.signature)]
    parts = [deflated(path, data) for path, data in found.parts.items()]
    assert write([*head, *parts]) == pack
    refused(write([*head, *reversed(parts)]), "parts/")
    refused(write([*head, *parts[:-1]]), "parts/")
    refused(write([*head, *parts, deflated("parts/more.txt", b"x")]), "directory")
    refused(write([*head, *parts, parts[0]]), "directory")
    refused(write([head[1], head[0], *parts]), MANIFEST)
    swapped = bytearray(pack)
    at = swapped.rindex(b"PK\x01\x02") + CENTRAL.size
    swapped[at : at + 5] = b"../.."
    refused(bytes(swapped), "directory")


def test_a_bomb_is_not_unpacked(pack):
    found = read_pack(pack)
    said = msgspec.json.decode(found.manifest_bytes)
    bomb = deflated("parts/release.json", b"\0" * (8 << 20))
    said["parts"] = [said["parts"][0] | {"size": 1000, "stored": len(bomb.raw)}]
    said["parts"][0] |= {"stored_sha256": digests.of_bytes(bomb.raw), "path": "parts/release.json"}
    head = stored(MANIFEST, digests.canonical(said)), stored("signature.json", found.signature)
    assert "does not unpack to the 1,000 bytes" in refused(write([*head, bomb]), RELEASE)
    said["parts"][0] |= {"size": 1 << 40}
    head = stored(MANIFEST, digests.canonical(said)), stored("signature.json", found.signature)
    refused(write([*head, bomb]), MANIFEST)


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "parts/../x", "parts\\x", "notes.txt", "parts/é"])
def test_a_part_that_would_leave_the_folder_is_refused(pack, path):
    found = read_pack(pack)
    said = msgspec.json.decode(found.manifest_bytes)
    said["parts"][0]["path"] = path
    head = stored(MANIFEST, digests.canonical(said)), stored("signature.json", found.signature)
    refused(write([*head]), MANIFEST)


def test_a_forger_needs_a_key_that_somebody_trusts(released, pack):
    data = forged(pack, lambda _: None)
    assert verify_pack(data).signer.key == FORGER.public.id
    found = verify_pack(data, trusted=[ensure_server_key(released).public])
    assert not found.whole
    assert "none of those that you trust" in found.faults[-1].what


def test_a_key_that_is_not_in_the_pack_signs_nothing(pack):
    assert "not in parts/keys.json" in refused(forged(pack, lambda _: None, known=False), "signature.json")


def test_statements_that_contradict_each_other_are_told(pack):
    def other_result(parts):
        parts[RELEASE] = parts[RELEASE].replace(b'"verdict":"passed"', b'"verdict":"failed"')

    found = verify_pack(forged(pack, other_result))
    places = [each.place for each in found.faults]
    assert RELEASE in places
    assert f"{ATTESTATIONS}: gate 1" in places


def test_a_changed_event_is_told_by_its_line(pack):
    def other_actor(parts):
        parts[EVENTS] = parts[EVENTS].replace(b'"actor":"local"', b'"actor":"nobody"', 1)

    found = verify_pack(forged(pack, other_actor))
    assert found.faults[0].place == f"{EVENTS}: line 1"
    assert "it was changed" in found.faults[0].what


def test_a_line_that_was_left_out_is_missed(pack):
    def fewer(parts):
        parts[ATTESTATIONS] = b"".join(parts[ATTESTATIONS].splitlines(keepends=True)[1:])

    assert "0 statements of release" in refused(forged(pack, fewer), ATTESTATIONS)


def test_who_may_not_see_the_release_gets_no_evidence(released):
    nobody = released.with_(principal=Principal(name="n", permissions=frozenset({"run:read"})))
    with pytest.raises(errors.MeguruError):
        export(nobody, release="delay@1")
    with pytest.raises(errors.NotFound):
        export(released, release="delay@7")


def test_who_was_erased_since_leaves_the_evidence_whole_and_says_so(tmp_path):
    (tmp_path / "rows.csv").write_text("name,b\nAnna,2\nBoris,4\n")
    with open_local(tmp_path / "workspace") as ws:
        add_files(ws, "rows", tmp_path / "rows.csv")
        make_endpoint(ws, name="delay", model="delay", gates=[])
        add_model(ws, "delay", make_model(), used=["dataset/rows@1"])
        made = release(ws)
        erase(ws, who={"name": ["Anna"]})
        data = export(ws, release=made.ref).data
    assert verify_pack(data).whole
    lineage = json.loads(read_pack(data).parts[LINEAGE])
    (told,) = lineage["things"]["dataset/rows@1"]["erased"]
    assert (told["before"], told["rows"]) == (made.content.datasets[0].digest, 1)
    assert b"Anna" not in data


def broken(value, draw):
    """Return a value of JSON with something else in one place."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        if draw.random() < 0.2:
            return {key: each for key, each in value.items() if key != name}
        return value | {name: broken(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.9:
        index = draw.randrange(len(value))
        return [*value[:index], broken(value[index], draw), *value[index + 1 :]]
    return draw.choice([None, -1, "x", [], {}, [[]], {"a": None}, 1e300, True, "ed25519:AAAA"])


@pytest.mark.parametrize("count", [60, pytest.param(5000, marks=pytest.mark.soak)])
def test_whatever_a_forger_writes_the_check_answers_in_words(pack, count):
    draw = random.Random(7)

    def change(parts):
        path = draw.choice(sorted(path for path in parts if path.endswith((".json", ".jsonl"))))
        lines = parts[path].splitlines(keepends=True)
        index = draw.randrange(len(lines))
        lines[index] = digests.canonical(broken(json.loads(lines[index]), draw)) + b"\n"
        parts[path] = b"".join(lines)

    def other_words(parts):
        names = ["release", "gate", "training", "lineage", "deployment", "scan", "card"]

        def garble(said):
            name = draw.choice(sorted(said))
            said[name] = broken(said[name], draw)

        restated(parts, draw.choice(names), garble)

    for number in range(count):
        found = verify_pack(forged(pack, other_words if number % 2 else change))
        assert found.whole == (not found.faults)


def test_words_that_are_nested_too_deep_are_told(pack):
    said = b'{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{"a":'
    deep = digests.canonical(sign(said + b"[" * 100_000 + b"]" * 100_000 + b"}}", IN_TOTO, [FORGER]))

    def one_more(parts):
        parts[ATTESTATIONS] += deep + b"\n"

    assert "holds no statement" in refused(forged(pack, one_more), ATTESTATIONS)
    found = read_pack(pack)
    parts = [deflated(path, data) for path, data in found.parts.items()]
    head = [stored(MANIFEST, found.manifest_bytes), stored("signature.json", deep)]
    assert "holds no statement" in refused(write([*head, *parts]), "signature.json")
