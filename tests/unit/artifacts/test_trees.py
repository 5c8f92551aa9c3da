"""Trees: folders as digests."""

import pytest

from meguru import errors
from meguru.artifacts.trees import TreeEntry, fetch, put_entries, put_folder, read_tree
from meguru.base import digests
from meguru.storage.blobs import open_store


@pytest.fixture
def blobs(tmp_path):
    return open_store(tmp_path / "blobs")


@pytest.fixture
def folder(tmp_path):
    base = tmp_path / "folder"
    (base / "sub").mkdir(parents=True)
    (base / "a.txt").write_text("a")
    (base / "sub" / "b.txt").write_text("b")
    return base


def test_a_tree_comes_back_as_it_was_and_equal_folders_are_equal_digests(blobs, folder, tmp_path):
    digest = put_folder(blobs, folder)
    back = fetch(blobs, digest, tmp_path / "back")
    assert {p.relative_to(back).as_posix(): p.read_text() for p in back.rglob("*.txt")} == {
        "a.txt": "a",
        "sub/b.txt": "b",
    }
    assert put_folder(blobs, back) == digest


def test_a_link_is_refused(blobs, folder):
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(errors.InvalidInput):
        put_folder(blobs, folder)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\\b", "a/./b"])
def test_a_path_that_leaves_the_tree_is_refused_when_written_and_when_read(blobs, tmp_path, path):
    digest = blobs.put_bytes(b"x")
    entry = TreeEntry(path=path, digest=digest, size=1)
    with pytest.raises(errors.InvalidInput):
        put_entries(blobs, [entry])
    evil = blobs.put_bytes(digests.canonical([entry]))
    with pytest.raises(errors.InvalidInput):
        fetch(blobs, evil, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_blob_that_is_no_tree_is_refused(blobs, tmp_path):
    one = TreeEntry(path="a", digest="0" * 64, size=1)
    folded = [one, TreeEntry(path="a/b", digest="0" * 64, size=1)]
    for body in (
        b"[",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        digests.canonical(folded),
        digests.canonical([one, one]),
    ):
        with pytest.raises(errors.InvalidInput):
            fetch(blobs, blobs.put_bytes(body), tmp_path / "out")
    with pytest.raises(errors.InvalidInput):
        read_tree(blobs, "../..")


def test_a_changed_blob_is_found_when_the_tree_is_fetched(blobs, folder, tmp_path):
    digest = put_folder(blobs, folder)
    entry = read_tree(blobs, digest)[0]
    place = blobs.folder / entry.digest[:2] / entry.digest[2:]
    place.chmod(0o644)
    place.write_text("z")
    with pytest.raises(errors.DigestMismatch):
        fetch(blobs, digest, tmp_path / "out")
    assert not (tmp_path / "out").exists()
