"""A folder of files is a version of a dataset: what is in it is kept, and what did not change is not read."""

from __future__ import annotations

import os
import random
import time

import polars as pl
import pytest

from meguru.artifacts.integrity.sources import members
from meguru.datasets.client import add_files, frame
from meguru.datasets.folders import index, stat_cache
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.folders.materialize import cached_folder, files_of, write_folder
from meguru.datasets.folders.reading import PackReader, PlacedPart
from meguru.datasets.folders.register import register_folder
from meguru.datasets.folders.types import FilePart, FolderFile
from meguru.datasets.manifest import load_manifest
from meguru.datasets.operations import (
    branch,
    delete_rows,
    diff,
    free,
    merge,
    register,
    remove,
    rollback,
    show,
)
from meguru.datasets.types import FileEntry
from meguru.errors import Conflict, DigestMismatch, InvalidInput, NotFound, UsageError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "cats").mkdir(parents=True)
    (folder / "dogs").mkdir()
    for name in ("cats/1.txt", "cats/2.txt", "dogs/1.txt"):
        (folder / name).write_text(name)
    age(folder)
    return folder


def age(folder, seconds=10.0):
    """Let files look as if nobody had touched them for a while (the time of that is another matter)."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() - seconds,) * 2)


def settled(monkeypatch):
    monkeypatch.setattr(stat_cache, "TICK_NS", -10_000_000_000)


def blobs(ws) -> set[str]:
    return {path.parent.name + path.name for path in ws.blobs.folder.glob("??/*")}


def test_each_file_is_a_row_with_what_it_is_and_its_bytes_come_back(workspace, photos):
    (photos / "run.sh").write_bytes(b"#!/bin/sh\n")
    (photos / "run.sh").chmod(0o755)
    (photos / "empty.dat").touch()
    made = add_folder(workspace, "photos", LocalFolder(photos), label="folder").version
    assert (made.format, made.rows, made.files, made.bytes) == ("files", 5, 5, 40)
    rows = frame(workspace, "photos")
    assert rows.columns[:5] == ["path", "size", "mode", "digest", "media_type"]
    assert rows.select("path", "label", "mode", "media_type").rows() == [
        ("cats/1.txt", "cats", "644", "text/plain"),
        ("cats/2.txt", "cats", "644", "text/plain"),
        ("dogs/1.txt", "dogs", "644", "text/plain"),
        ("empty.dat", None, "644", "application/x-empty"),
        ("run.sh", None, "755", "text/x-sh"),
    ]
    files = files_of(workspace, "photos")
    assert [files.read(name).decode() for name in files.names(["cats/*"])] == ["cats/1.txt", "cats/2.txt"]
    assert files.read("empty.dat") == b""
    with pytest.raises(NotFound, match="cats/3"):
        files.open("cats/3.txt")


def test_an_unchanged_folder_is_not_read_and_makes_no_version(workspace, photos, monkeypatch):
    settled(monkeypatch)
    first = add_folder(workspace, "photos", LocalFolder(photos))
    again = add_folder(workspace, "photos", LocalFolder(photos))
    assert (first.read, again.read, again.version) == (3, 0, first.version)
    (photos / "cats/1.txt").write_text("new")
    third = add_folder(workspace, "photos", LocalFolder(photos))
    assert (third.read, third.new_bytes, third.version.version) == (1, 3, 2)


def test_a_file_that_changed_in_the_tick_in_which_it_was_read_is_read_again(workspace, photos):
    add_folder(workspace, "photos", LocalFolder(photos))  # all were made just now, as their ctime says
    place = photos / "cats/1.txt"
    before = place.stat()
    place.write_text("CATS/1.txt")  # the same size
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert add_folder(workspace, "photos", LocalFolder(photos)).version.version == 2
    assert files_of(workspace, "photos").read("cats/1.txt") == b"CATS/1.txt"


def test_a_damaged_cache_is_none(workspace, photos, tmp_path, monkeypatch):
    settled(monkeypatch)
    add_folder(workspace, "photos", LocalFolder(photos))
    (cached,) = (tmp_path / "cache/meguru/folders").iterdir()
    cached.write_bytes(cached.read_bytes()[:100])
    assert add_folder(workspace, "photos", LocalFolder(photos)).read == 3


def test_known_content_is_stored_for_a_workspace_that_does_not_have_it(workspace, photos, monkeypatch):
    settled(monkeypatch)
    add_folder(workspace, "photos", LocalFolder(photos))
    other = add_folder(workspace, "other", LocalFolder(photos))
    assert other.new_bytes == 30
    assert files_of(workspace, "other").read("dogs/1.txt") == b"dogs/1.txt"


def test_a_large_file_costs_what_changed_of_it(workspace, photos):
    large = bytearray(random.Random(1).randbytes(6 << 20))
    (photos / "large.bin").write_bytes(large)
    add_folder(workspace, "photos", LocalFolder(photos))
    large[3_000_000:3_000_000] = b"one more"  # all behind it moves
    (photos / "large.bin").write_bytes(large)
    changed = add_folder(workspace, "photos", LocalFolder(photos))
    assert 0 < changed.new_bytes < 1_500_000
    assert files_of(workspace, "photos").read("large.bin") == large


def test_what_changed_is_told_by_file_and_a_renamed_one_is_no_other(workspace, photos):
    add_folder(workspace, "photos", LocalFolder(photos))
    (photos / "cats/1.txt").rename(photos / "cats/one.txt")
    (photos / "cats/2.txt").write_text("other")
    (photos / "dogs/1.txt").unlink()
    (photos / "birds.txt").write_text("new")
    add_folder(workspace, "photos", LocalFolder(photos))
    found = diff(workspace, before="photos@1", after="photos@2", rows=True)
    assert (found.files_added, found.files_removed) == (["birds.txt"], ["dogs/1.txt"])
    assert found.files_changed == ["cats/2.txt"]
    assert [(each.before, each.after) for each in found.files_renamed] == [("cats/1.txt", "cats/one.txt")]
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (2, 2, 1)
    assert found.rows.key == ["path"]


def test_files_are_added_to_those_that_are_there(workspace, photos, tmp_path):
    add_folder(workspace, "photos", LocalFolder(photos))
    (tmp_path / "more").mkdir()
    (tmp_path / "more/birds.txt").write_text("birds")
    added = add_folder(workspace, "photos", LocalFolder(tmp_path / "more"), append=True)
    assert added.version.rows == 4


def test_a_version_is_written_to_a_folder_as_it_was(workspace, photos, tmp_path):
    (photos / "cats/1.txt").chmod(0o755)
    add_folder(workspace, "photos", LocalFolder(photos))
    (photos / "cats/1.txt").write_text("later")
    add_folder(workspace, "photos", LocalFolder(photos))
    assert write_folder(workspace, "photos@1", tmp_path / "out") == 3
    out = tmp_path / "out/cats/1.txt"
    assert (out.read_text(), out.stat().st_mode & 0o100) == ("cats/1.txt", 0o100)
    assert write_folder(workspace, "photos", tmp_path / "cats", include=["cats/*"], exclude=["2.*"]) == 1
    with pytest.raises(UsageError, match="is not empty"):
        write_folder(workspace, "photos", tmp_path / "out")
    with pytest.raises(NotFound, match="no file"):
        write_folder(workspace, "photos", tmp_path / "none", include=["*.png"])


def test_bytes_are_freed_with_the_last_version_that_needs_their_pack(workspace, photos):
    before = blobs(workspace)
    add_folder(workspace, "photos", LocalFolder(photos))
    (photos / "cats/1.txt").write_text("new")
    add_folder(workspace, "photos", LocalFolder(photos))
    remove(workspace, ref="photos@1")
    free(workspace)
    assert files_of(workspace, "photos").read("cats/2.txt") == b"cats/2.txt"
    remove(workspace, ref="photos@2")
    free(workspace)
    assert blobs(workspace) == before


def test_a_changed_pack_is_told_and_not_read(workspace, photos):
    made = add_folder(workspace, "photos", LocalFolder(photos)).version
    (piece,) = members("dataset", workspace.blobs.get_bytes(made.digest))
    (pack,) = members(piece.form, workspace.blobs.get_bytes(piece.digest))
    place = workspace.blobs.path(pack.digest)
    place.chmod(0o644)
    place.write_bytes(b"x" * 30)
    with pytest.raises(DigestMismatch):
        files_of(workspace, "photos").read("cats/1.txt")


def test_what_a_caller_says_of_bytes_is_not_believed(workspace):
    pack = workspace.blobs.put_bytes(b"some bytes")
    right = FolderFile(path="a.txt", digest=pack, size=10, parts=[FilePart(pack=0, offset=0, size=10)])
    for wrong, why in (
        ({"digest": "0" * 64}, "are not those"),
        ({"parts": [FilePart(pack=0, offset=1, size=10)]}, "are not those"),
        ({"parts": [FilePart(pack=1, offset=0, size=10)]}, "is nowhere"),
        ({"parts": [FilePart(pack=0, offset=-1, size=10)]}, "is nowhere"),
        ({"parts": None}, "no file of the version before"),
        ({"path": "../a.txt"}, "can't be kept"),
        ({"path": "a\nb"}, "can't be kept"),
        ({"path": "/etc/passwd"}, "can't be kept"),
    ):
        given = {name: getattr(right, name) for name in right.__struct_fields__} | wrong
        with pytest.raises(InvalidInput, match=why):
            register_folder(workspace, name="x", files=[FolderFile(**given)], packs=[pack])
    assert register_folder(workspace, name="x", files=[right], packs=[pack]).rows == 1
    with pytest.raises(Conflict, match="newer version"):
        register_folder(workspace, name="x", files=[right], packs=[pack], base="1" * 64)


def test_tables_and_files_are_told_apart_and_never_mixed(workspace, photos, tmp_path):
    assert add_files(workspace, "found", photos).format == "files"
    (photos / "rows.csv").write_text("id\n1\n")
    with pytest.raises(UsageError, match="tables and other files"):
        add_files(workspace, "mixed", photos)
    assert add_files(workspace, "said", photos, format="files").rows == 4
    (tmp_path / "rows.csv").write_text("id\n1\n")
    add_files(workspace, "table", tmp_path / "rows.csv")
    with pytest.raises(InvalidInput, match="no files as rows"):
        add_files(workspace, "table", photos, format="files")
    entry = FileEntry(path="a", digest="0" * 64, size=1)
    with pytest.raises(InvalidInput, match="would be files"):
        register(workspace, name="said", files=[entry], format="files")
    for mode, policy in (
        ("replace", "evolve"),
        ("append", "strict"),
        ("upsert", "strict"),
        ("sync", "evolve"),
    ):
        with pytest.raises(InvalidInput, match="are files, and those given are tables"):
            add_files(workspace, "said", tmp_path / "rows.csv", mode=mode, schema_policy=policy, key=["id"])
    assert show(workspace, ref="said").version == 1
    for wrong, why in ((tmp_path / "nowhere", "no folder"), (photos / "rows.csv", "as one folder")):
        with pytest.raises(UsageError, match=why):
            add_files(workspace, "said", wrong, format="files")


def test_a_branch_gets_the_files_and_the_main_line_stays(workspace, photos):
    add_folder(workspace, "photos", LocalFolder(photos))
    branch(workspace, ref="photos", branch="trial")
    (photos / "cats/1.txt").write_text("tried")
    tried = add_files(workspace, "photos@trial", photos)
    assert (tried.branch, tried.version) == ("trial", 2)
    assert files_of(workspace, "photos").read("cats/1.txt") == b"cats/1.txt"
    assert files_of(workspace, "photos@trial").read("cats/1.txt") == b"tried"
    (photos / "cats/1.txt").write_text("cats/1.txt")
    (photos / "dogs/1.txt").write_text("meanwhile")
    add_folder(workspace, "photos", LocalFolder(photos))
    merge(workspace, name="photos", branch="trial")
    merged = files_of(workspace, "photos")
    assert [merged.read(name) for name in merged.names()] == [b"tried", b"cats/2.txt", b"meanwhile"]


def test_rows_that_are_deleted_and_versions_that_come_back_are_files_too(workspace, photos):
    add_folder(workspace, "photos", LocalFolder(photos))
    delete_rows(workspace, name="photos", condition="path = 'cats/2.txt'")
    assert files_of(workspace, "photos").names() == ["cats/1.txt", "dogs/1.txt"]
    assert add_folder(workspace, "photos", LocalFolder(photos)).version.version == 3
    rollback(workspace, ref="photos@2")
    assert files_of(workspace, "photos").names() == ["cats/1.txt", "dogs/1.txt"]


def test_a_version_without_some_files_says_what_is_left(workspace, photos, tmp_path):
    whole = add_folder(workspace, "photos", LocalFolder(photos)).version
    less = delete_rows(workspace, name="photos", condition="path = 'cats/2.txt'")
    assert (less.rows, less.files, less.bytes) == (2, 2, whole.bytes - len("cats/2.txt"))
    assert delete_rows(workspace, name="photos", condition="path = 'cats/2.txt'") == less
    (photos / "cats/2.txt").unlink()
    assert add_folder(workspace, "photos", LocalFolder(photos)).version.bytes == less.bytes
    keys = tmp_path / "keys.csv"
    keys.write_text("path\ncats/1.txt\ndogs/1.txt\n")
    none = add_files(workspace, "photos", keys, mode="delete", key=["path"])
    assert (none.rows, none.files, none.bytes) == (0, 0, 0)
    assert add_folder(workspace, "photos", LocalFolder(photos)).version.rows == 2


class _Interrupted(LocalFolder):
    """A folder beside which somebody else registers a version while it is read."""

    def __init__(self, root, meanwhile):
        super().__init__(root)
        self.meanwhile = meanwhile

    def open(self, path):
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().open(path)


def test_of_two_writers_the_second_looks_again_and_loses_nothing(workspace, photos, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more/birds.txt").write_text("birds")
    other = LocalFolder(tmp_path / "more")
    place = _Interrupted(photos, lambda: add_folder(workspace, "photos", other))
    made = add_folder(workspace, "photos", place, append=True).version
    assert (made.version, made.rows) == (2, 4)


def test_what_a_version_needs_is_nothing_left_over(workspace, photos, monkeypatch):
    add_folder(workspace, "photos", LocalFolder(photos))
    left = workspace.blobs.put_bytes(b"left over")
    for path in workspace.blobs.folder.glob("??/*"):
        os.utime(path, (0, 0))
    free(workspace)
    assert not workspace.blobs.has(left)
    assert files_of(workspace, "photos").read("cats/1.txt") == b"cats/1.txt"


def test_bytes_that_were_freed_while_a_folder_was_registered_are_missed(workspace, photos, monkeypatch):
    put, packs = workspace.blobs.put_bytes, []

    def frees(data):
        for pack in packs:  # the list of files is written when the packs were read
            workspace.blobs.delete(pack)
        packs.append(put(data))
        return packs[-1]

    monkeypatch.setattr(workspace.blobs, "put_bytes", frees)
    with pytest.raises(Conflict, match="the bytes of the files were freed meanwhile"):
        add_folder(workspace, "photos", LocalFolder(photos))


def test_a_part_of_any_size_is_read_in_pieces(workspace):
    pack = workspace.blobs.put_bytes(b"abc")
    with PackReader(workspace.blobs) as reader:
        opened = reader.opened([PlacedPart(pack, 1, 1 << 50)])
        with opened.file as file:
            assert file.read() == b"bc"


def test_a_list_that_names_what_is_outside_of_the_folder_is_not_written(workspace, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.txt").write_bytes(b"a")
    made = add_folder(workspace, "x", LocalFolder(tmp_path / "x")).version
    manifest = load_manifest(workspace.blobs, made)
    frame = index.read(workspace.blobs, manifest).with_columns(path=pl.lit("../a.txt"))
    outside = index.manifest_of(workspace.blobs, frame, None, set())
    with pytest.raises(InvalidInput, match="can't be written"):
        cached_folder(workspace.blobs, "0" * 64, outside)
