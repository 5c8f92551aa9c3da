"""A person is erased from all versions, and from what others keep; nothing else is lost."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from meguru.app.blob_walk import walk
from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.erasure import ErasureSubject
from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.datasets.client import add_files, frame
from meguru.datasets.delta.operations import table
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.index import packs_in
from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.folders.materialize import files_of
from meguru.datasets.kind import DATASET, DatasetSpec
from meguru.datasets.operations import specs, versions
from meguru.datasets.orphans import orphans
from meguru.datasets.personal.erase import find_and_erase
from meguru.datasets.personal.operations import erase
from meguru.datasets.personal.private_blobs import check_may_fetch
from meguru.datasets.personal.screening import returned
from meguru.datasets.register import register
from meguru.datasets.show import files
from meguru.datasets.types import ColumnSpec, FileEntry
from meguru.errors import Conflict, Forbidden
from meguru.kernel.events.schema import event
from meguru.kernel.operations import InternalOperation
from meguru.kernel.principals import Principal
from meguru.predictions import payload, payload_search

load_operations()
ANNA = "anna@example.com"


@pytest.fixture
def add(workspace, tmp_path):
    def write(text: str, name: str = "people", file: str = "people.csv", **said):
        path = tmp_path / file
        path.write_text(text)
        return add_files(workspace, name, path, **said)

    return write


@pytest.fixture
def filled(workspace, add):
    add(f"id,email\n1,{ANNA}\n2,bob@example.org\n", key=["id"])
    add(f"id,email\n1,new{ANNA}\n3,{ANNA}\n", file="more.csv", mode="upsert", key=["id"])
    add("id,other\n1,x\n", "untouched")
    add(f"who,mail\nx,{ANNA}\n", "orders")
    return workspace


def stored(ws) -> bytes:
    return b"".join(path.read_bytes() for path in ws.blobs.folder.glob("??/*"))


def test_a_lost_file_stops_no_erasure_and_is_told(filled):
    (lost,) = [each.digest for each in files(filled, ref="orders")]
    filled.blobs.delete(lost)
    done = erase(filled, who={"email": [ANNA], "mail": [ANNA]})
    assert done.rows == 3
    assert done.unsearched["files of datasets that are lost or damaged"] == 1


def test_rows_go_from_all_versions_and_the_old_files_are_deleted(filled):
    planned = erase(filled, who={"email": [ANNA]}, dry_run=True)
    assert [(each.ref, each.rows) for each in planned.found] == [
        ("dataset/people@1", 1),
        ("dataset/people@2", 2),
    ]
    done = erase(filled, who={"email": [ANNA]}, reason="asked")
    assert (done.found, done.rows) == (planned.found, 3)
    left = erase(filled, who={"email": [ANNA]}, dry_run=True)
    assert (left.found, left.remaining) == ([], [])
    assert frame(filled, "people@1").rows() == [(2, "bob@example.org")]
    assert sorted(frame(filled, "people@2").rows()) == [(1, f"new{ANNA}"), (2, "bob@example.org")]
    assert [each.rows for each in versions(filled, name="people")] == [2, 1]
    assert frame(filled, "untouched").height == 1
    assert frame(filled, "orders")["mail"].to_list() == [ANNA]  # another column
    assert walk(filled).complete


def test_who_it_was_is_not_in_the_log_and_the_old_digest_is(filled):
    before = versions(filled, name="people")[0].digest
    erase(filled, who={"email": [ANNA]})
    with filled.read() as tx:
        data = list(tx.execute(select(event.c.data)).scalars())
    assert ANNA not in str([each for each in data if "found" in each or "before" in each])
    assert any(each.get("before") == before for each in data)


def test_what_was_uploaded_of_a_person_goes_too(workspace):
    data = f"id,email\n1,{ANNA}\n2,x\n".encode()
    entry = FileEntry(path="people.csv", digest=workspace.blobs.put_bytes(data), size=len(data))
    register(workspace, name="people", files=[entry])
    assert ANNA.encode() in stored(workspace)
    erase(workspace, who={"email": [ANNA]})
    assert not workspace.blobs.has(entry.digest)
    assert ANNA.encode() not in stored(workspace)


def test_an_upload_that_nobody_registered_is_told_as_out_of_reach_and_goes_by_itself(workspace, add):
    add(f"id,email\n1,{ANNA}\n2,x\n", "orders")
    data = f"id,email\n7,{ANNA}\n".encode()
    left = workspace.blobs.put_bytes(data)
    done = erase(workspace, who={"email": [ANNA]})
    assert any(each.startswith("uploads that no version has") for each in done.beyond)
    assert any(each.startswith("files that were exported") for each in done.beyond)
    assert erase(workspace, who={"email": [ANNA]}, only=["orders"], dry_run=True).beyond == []
    with workspace.read() as tx:
        assert left in orphans(tx, workspace.blobs, workspace.clock.now().timestamp() + 86_400)
    register(workspace, name="later", files=[FileEntry(path="a.csv", digest=left, size=len(data))])
    assert returned(workspace, ref="later").rows == 1


def test_an_encrypted_person_is_found_by_the_value(workspace, add):
    encrypted = {"email": ColumnSpec(treat="encrypt")}
    add(f"id,email\n1,{ANNA}\n2,bob@example.org\n", columns=encrypted)
    add(f"id,email\n3,{ANNA}\n4,{ANNA}\n5,\n", file="more.csv", mode="append")
    assert ANNA.encode() not in stored(workspace)
    assert erase(workspace, who={"email": [ANNA]}).rows == 4
    assert frame(workspace, "people")["id"].to_list() == [2, 5]
    left = erase(workspace, who={"email": [ANNA]}, dry_run=True)
    assert (left.found, left.remaining) == ([], [])


def test_a_hashed_person_is_found_by_the_value(workspace, add):
    add(f"id,email\n1,{ANNA}\n2,bob@example.org\n", columns={"email": ColumnSpec(tags=["pii"], treat="hash")})
    assert erase(workspace, who={"email": [ANNA]}).rows == 1
    assert frame(workspace, "people")["id"].to_list() == [2]


def test_a_version_of_one_person_alone_has_no_rows_then(workspace, add):
    add(f"id,email\n1,{ANNA}\n")
    erase(workspace, who={"email": [ANNA]})
    assert frame(workspace, "people").height == 0
    assert add("id,email\n2,x\n").version == 2


def test_a_table_for_other_readers_is_erased_too(filled):
    place = Path(table(filled, ref="people").uri.removeprefix("file://"))
    assert ANNA.encode() in b"".join(each.read_bytes() for each in place.rglob("*.parquet"))
    erase(filled, who={"email": [ANNA]})
    assert not list(place.rglob("*.parquet"))
    table(filled, ref="people")
    rows = pl.scan_delta(str(place)).collect() if find_spec("deltalake") else frame(filled, "people")
    assert sorted(rows["email"]) == ["bob@example.org", f"new{ANNA}"]


def test_a_legal_hold_stops_it_and_nothing_is_erased(filled):
    specs.declare(filled, name="people", spec=DatasetSpec(hold="case 7"))
    with pytest.raises(Conflict, match="under a legal hold"):
        erase(filled, who={"email": [ANNA]})
    assert frame(filled, "people@1").height == 2


def test_what_a_killed_erasure_left_is_deleted_by_the_next(filled, monkeypatch):
    def dies(digest):
        raise KeyboardInterrupt

    monkeypatch.setattr(filled.blobs, "delete", dies)
    with pytest.raises(KeyboardInterrupt):
        erase(filled, who={"email": [ANNA]})
    monkeypatch.undo()
    assert erase(filled, who={"email": [ANNA]}, dry_run=True).remaining
    assert erase(filled, who={"email": [ANNA]}).found == []
    assert erase(filled, who={"email": [ANNA]}, dry_run=True).remaining == []


def test_the_command_goes_on_after_a_kill(tmp_path, monkeypatch, capsys):
    (path := tmp_path / "people.csv").write_text(f"id,email\n1,{ANNA}\n2,x\n")

    def dies(digest):
        raise KeyboardInterrupt

    with open_local(tmp_path / "w") as ws:
        add_files(ws, "people", path)
        monkeypatch.setattr(ws.blobs, "delete", dies)
        with pytest.raises(KeyboardInterrupt):
            erase(ws, who={"email": [ANNA]})
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.setattr(sys, "argv", ["meguru", "erase", f"email={ANNA}", "--yes"])
    assert run(root) == 0
    assert "a second search finds nothing" in capsys.readouterr().out
    with open_local(tmp_path / "w") as ws:
        assert ANNA.encode() not in stored(ws)


def test_what_is_written_anew_is_fetched_only_by_who_may_see_values_in_clear(workspace, add):
    add(f"id,email\n1,{ANNA}\n2,x\n", columns={"email": ColumnSpec(tags=["pii"])})
    erase(workspace, who={"email": [ANNA]})
    (file,) = files(workspace, ref="people")
    reader = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"blob:read"})))
    with pytest.raises(Forbidden):
        check_may_fetch(reader, file.digest)


def test_a_column_of_lists_tells_nobody_and_stops_nothing(filled, tmp_path):
    pl.DataFrame({"email": [[ANNA], []]}).write_parquet(tmp_path / "lists.parquet")
    add_files(filled, "lists", tmp_path / "lists.parquet")
    assert erase(filled, who={"email": [ANNA]}).rows == 3


@pytest.mark.parametrize("count", [2, 100])
def test_predictions_lose_what_was_asked_and_keep_what_was_answered(count):
    at = datetime(2024, 1, 1, tzinfo=UTC)
    content = payload.make(
        {"email": "string", "age": "long"},
        {"email": [ANNA] + ["x"] * (count - 1), "age": list(range(count))},
        [0.5] * count,
        [at] * count,
    )
    body = payload_search.without_features(payload.pack(content), {0})
    assert ANNA.encode() not in body
    features = payload.features_of(body)
    assert (features["email"][0], features["age"][0]) == (None, None)
    assert (features["email"][1], features["age"][1]) == ("x", 1)
    assert payload.answer_of(body).columns == payload.answer_of(payload.pack(content)).columns


def test_a_version_that_comes_while_others_are_looked_through_is_erased_too(workspace, add):
    add(f"id,email\n1,{ANNA}\n2,bob@example.org\n")

    class Slow(ErasureSubject):
        late = True

        def is_in(self, columns):
            if self.late:
                self.late = False
                add(f"id,email\n3,{ANNA}\n4,eve@example.org\n")
            return super().is_in(columns)

    def work(ctx):
        return find_and_erase(ctx, Slow({"email": [ANNA]}), None, dry_run=False)

    found = InternalOperation(DATASET, "retain").commit(workspace, work).found
    assert [each.ref for each in found] == ["dataset/people@1", "dataset/people@2"]
    assert erase(workspace, who={"email": [ANNA]}, dry_run=True).found == []


def test_files_of_a_folder_stay_as_they_are_and_are_told(workspace, tmp_path):
    for name in ("anna", "bob"):
        (tmp_path / "notes" / name).mkdir(parents=True)
        (tmp_path / "notes" / name / "1.txt").write_text(name)
    add_folder(workspace, "notes", LocalFolder(tmp_path / "notes"), label="folder")
    done = erase(workspace, who={"label": ["anna"]})
    told = [(each.what, each.rows) for each in done.stays if each.ref == "dataset/notes@1"]
    assert ("files of a folder", 1) in told
    assert files_of(workspace, "notes").read("bob/1.txt") == b"bob"


def test_a_lost_file_of_a_folder_stops_no_erasure_and_is_told(filled, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "1.txt").write_text(ANNA)
    made = add_folder(filled, "notes", LocalFolder(tmp_path / "notes")).version
    for pack in packs_in(files_of(filled, made.ref).index):
        filled.blobs.delete(pack)
    done = erase(filled, who={"email": [ANNA]})
    assert done.rows == 3
    assert done.unsearched["files of datasets that are lost or damaged"] == 1
