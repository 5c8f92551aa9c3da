"""Blobs that nothing refers to are freed, when they are old: never what any record needs or names."""

import os

import msgspec
import polars as pl
import pytest

from meguru.datasets import orphans
from meguru.datasets.client import add_files
from meguru.datasets.manifest import load_manifest
from meguru.datasets.operations import free, garbage, register
from meguru.datasets.write import write_version
from meguru.errors import Busy, Conflict
from meguru.kernel import events
from meguru.kernel.operations.execute import run
from meguru.kernel.principals import Principal
from meguru.tracking.runs import add_artifact, start

DAYS = 3 * 86_400


@pytest.fixture
def put(workspace):
    def write(data: bytes, age: float = DAYS) -> str:
        digest = workspace.blobs.put_bytes(data)
        file = workspace.blobs.path(digest)
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - age))
        return digest

    return write


def age_all(ws):
    for file in ws.blobs.folder.glob("??/*"):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - DAYS))


def test_what_nobody_registered_is_freed_when_it_is_old(workspace, put):
    old, new = put(b"forgotten"), put(b"on its way", age=0)
    planned = garbage(workspace)
    assert (planned.orphans, planned.orphan_bytes, planned.refs) == (1, 9, [])
    assert free(workspace).orphans == 1
    assert (workspace.blobs.has(old), workspace.blobs.has(new)) == (False, True)
    with workspace.read() as tx:
        (told,) = [each for each in events.read(tx) if each.type == "dataset.freed"]
    assert told.data == {"versions": [], "blobs": 1, "bytes": 9}
    assert free(workspace).orphans == 0


def test_what_a_record_needs_or_names_stays(workspace, put, tmp_path):
    for number in range(3):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"a\n{number}\n")
        add_files(workspace, "rows", path, mode="append")
    run = start(workspace, name="train")
    add_artifact(workspace, run=run.id, path="plot.png", digest=put(b"a picture"))
    named, listed = put(b"named"), put(b"listed")
    listing = put(msgspec.json.encode({"parts": [listed]}))
    start(workspace, name=f"of {named} and {listing}")
    age_all(workspace)
    assert garbage(workspace).orphans == 0


def test_nothing_is_freed_while_a_list_can_not_be_read(workspace, put, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    version = add_files(workspace, "rows", path)
    put(b"forgotten")
    age_all(workspace)
    workspace.blobs.path(version.digest).unlink()
    assert free(workspace).orphans == 0

    def silent(digest):
        raise Busy("the object store does not answer", where=digest)

    workspace.blobs.get_bytes = silent
    with pytest.raises(Busy):
        garbage(workspace)


def test_in_a_place_that_others_may_share_nothing_is_an_orphan_unless_that_is_said(workspace, put):
    put(b"of another workspace")
    elsewhere = workspace.with_()
    elsewhere.root = None  # as on a database server
    assert garbage(elsewhere).orphans == free(elsewhere).orphans == 0
    assert garbage(elsewhere, alone=True).orphans == 1
    assert free(elsewhere, alone=True).orphans == 1


def test_others_write_while_orphans_are_looked_for(workspace, put):
    digest, listed = put(b"forgotten"), workspace.blobs.listed

    def slowly(before):
        start(workspace, name="meanwhile")
        return listed(before)

    workspace.blobs.listed = slowly
    assert free(workspace).orphans == 1
    assert not workspace.blobs.has(digest)


def test_who_sees_some_projects_is_told_of_no_orphans(workspace, put):
    put(b"forgotten")
    anna = Principal(name="anna", grants={"team": frozenset({"*:read"})})
    assert garbage(workspace.with_(principal=anna)).orphans == 0
    assert garbage(workspace).orphans == 1


def test_what_was_freed_between_a_look_and_the_commit_is_not_registered(workspace, tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    version = add_files(workspace, "rows", path)
    manifest = load_manifest(workspace.blobs, version)
    workspace.blobs.delete(manifest.files[0].digest)

    def work(ctx):
        return write_version(ctx, manifest, name="other", note="")

    with pytest.raises(Conflict, match="were freed meanwhile"):
        run(workspace, register, work)


def test_what_a_large_list_names_is_no_orphan(workspace, monkeypatch):
    monkeypatch.setattr(orphans, "_MAX_DECODED", 100)
    named = [f"{number:064x}" for number in range(1, 9)]
    large = workspace.blobs.put_bytes(msgspec.json.encode(named))
    assert orphans._in_blob(workspace.blobs, large) == set(named)
