"""What was uploaded is let go when it became Parquet, and never if anything else needs it."""

from __future__ import annotations

from meguru.datasets.client import frame
from meguru.datasets.ingest import uploads
from meguru.datasets.operations import free, remove
from meguru.datasets.register import register
from meguru.datasets.types import FileEntry
from meguru.tracking.runs import add_artifact, start


def upload(ws, text: bytes) -> list[FileEntry]:
    return [FileEntry(path="a.csv", digest=ws.blobs.put_bytes(text), size=len(text))]


def test_a_large_upload_is_let_go(workspace, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_FREED_BYTES", 1)
    sent = upload(workspace, b"id\n1\n")
    register(workspace, name="rows", files=sent)
    assert not workspace.blobs.has(sent[0].digest)
    assert frame(workspace, "rows").rows() == [(1,)]


def test_an_upload_that_something_else_needs_stays(workspace, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_FREED_BYTES", 1)
    sent = upload(workspace, b"id\n1\n")
    run = start(workspace, name="train")
    add_artifact(workspace, run=run.id, path="rows.csv", digest=sent[0].digest)
    register(workspace, name="rows", files=sent)
    assert workspace.blobs.has(sent[0].digest)


def test_an_upload_that_gets_a_name_while_others_are_looked_for_stays(workspace, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_FREED_BYTES", 1)
    other = register(workspace, name="other", files=upload(workspace, b"id\n2\n"))
    sent = upload(workspace, b"id\n1\n")
    run, read = start(workspace, name="train"), workspace.blobs.get_bytes

    def slowly(digest):
        if digest == other.digest:  # what needs the upload is being looked for
            workspace.blobs.get_bytes = read
            add_artifact(workspace, run=run.id, path="rows.csv", digest=sent[0].digest)
        return read(digest)

    workspace.blobs.get_bytes = slowly
    register(workspace, name="rows", files=sent)
    assert workspace.blobs.get_bytes == read
    assert workspace.blobs.get_bytes(sent[0].digest) == b"id\n1\n"


def test_a_small_upload_is_freed_with_its_version(workspace):
    sent = upload(workspace, b"id\n1\n")
    register(workspace, name="rows", files=sent)
    assert workspace.blobs.has(sent[0].digest)
    remove(workspace, ref="rows")
    free(workspace)
    assert not workspace.blobs.has(sent[0].digest)
