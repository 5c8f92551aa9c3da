"""A list of files is kept in parts: what is old is not written again, and every blob of it is found."""

import pytest

from meguru.artifacts.integrity.sources import members
from meguru.base import digests
from meguru.datasets.blobs import MANIFEST
from meguru.datasets.types import DataFile, DatasetColumn, Manifest
from meguru.datasets.versions.layout import FILES_PER_PART, digests_of, read_manifest, write_manifest

COLUMNS = [DatasetColumn(name="a", type="Int64")]


def manifest(count):
    files = [
        DataFile(
            path=f"{n}.parquet", digest=f"{n:064x}", size=1, rows=2, columns=COLUMNS, deleted=f"{n:063x}d"
        )
        for n in range(count)
    ]
    return Manifest(format="parquet", event_time="", columns=COLUMNS, files=files)


@pytest.mark.parametrize(
    "count", [0, 1, FILES_PER_PART, FILES_PER_PART + 1, 3 * FILES_PER_PART, 3 * FILES_PER_PART + 7]
)
def test_a_list_is_read_as_it_was_written(workspace, count):
    made = manifest(count)
    digest = write_manifest(workspace.blobs, made)
    assert digest in digests_of(made)
    assert read_manifest(workspace.blobs, digest) == made


def test_a_longer_list_writes_what_is_new(workspace, monkeypatch):
    before, after = manifest(30 * FILES_PER_PART), manifest(30 * FILES_PER_PART + 1)
    write_manifest(workspace.blobs, before)
    written = []
    put = workspace.blobs.put_bytes
    monkeypatch.setattr(workspace.blobs, "put_bytes", lambda data: written.append(len(data)) or put(data))
    write_manifest(workspace.blobs, after, before)
    assert len(written) == 1
    assert written[0] < 5_000


def test_what_follows_from_a_list_of_before_there_were_parts_is_read_too(workspace):
    old, after = manifest(2 * FILES_PER_PART + 1), manifest(2 * FILES_PER_PART + 2)
    kept = workspace.blobs.put_bytes(digests.canonical(old))
    before = read_manifest(workspace.blobs, kept)
    assert before == old
    assert kept in digests_of(before)
    assert read_manifest(workspace.blobs, write_manifest(workspace.blobs, after, before)) == after


def test_every_file_and_its_deleted_rows_are_members(workspace):
    made = manifest(2 * FILES_PER_PART + 1)
    found, left = set(), [(MANIFEST, write_manifest(workspace.blobs, made))]
    while left:
        form, digest = left.pop()
        for each in members(form, workspace.blobs.get_bytes(digest)) if form != "bytes" else ():
            found.add(each.digest)
            left += [(each.form, each.digest)]
    assert found >= {file.digest for file in made.files} | {file.deleted for file in made.files}


def test_files_with_equal_columns_share_them_in_memory(workspace):
    digest = write_manifest(workspace.blobs, manifest(FILES_PER_PART + 1))
    first, second, *_ = read_manifest(workspace.blobs, digest).files
    assert first.columns is second.columns
