"""The contract of a blob store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from meguru.base import digests
from meguru.errors import DigestMismatch, InvalidInput, NotFound
from meguru.storage.blobs import BlobStore

ABSENT = digests.of_bytes(b"never stored")


class BlobStoreContract:
    """Subclass it, with a fixture `store` that gives an empty store, and `damage`."""

    def damage(self, store: BlobStore, digest: str) -> None:
        """Change the bytes of a stored blob behind the store's back."""
        raise NotImplementedError

    def reopen(self, store: BlobStore, folder: Path) -> BlobStore:
        """Open the same store as another machine would, with nothing cached."""
        raise NotImplementedError

    @pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 500_000], ids=["empty", "one byte", "1 MB"])
    def test_bytes_come_back_by_their_digest(self, store: BlobStore, data: bytes) -> None:
        digest = store.put_bytes(data)
        assert digest == digests.of_bytes(data)
        assert store.get_bytes(digest) == data
        assert store.path(digest).read_bytes() == data
        assert (store.has(digest), store.size(digest)) == (True, len(data))

    def test_a_file_is_stored_as_its_bytes(self, store: BlobStore, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"content")
        assert store.put_file(file) == store.put_bytes(b"content")
        assert store.put_chunks([b"con", memoryview(b"tent")]) == store.put_bytes(b"content")
        assert file.read_bytes() == b"content"

    def test_a_file_that_is_not_there_is_bad_input(self, store: BlobStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput):
            store.put_file(tmp_path / "none")

    def test_a_missing_blob_is_not_found(self, store: BlobStore) -> None:
        assert not store.has(ABSENT)
        for read in (store.get_bytes, store.path, store.size):
            with pytest.raises(NotFound):
                read(ABSENT)

    @pytest.mark.parametrize("digest", ["", "ab", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 65])
    def test_what_is_no_digest_never_becomes_a_path(self, store: BlobStore, digest: str) -> None:
        for read in (store.get_bytes, store.path, store.size, store.has):
            with pytest.raises(InvalidInput):
                read(digest)

    def test_another_machine_sees_the_same_blobs(self, store: BlobStore, tmp_path: Path) -> None:
        digest = store.put_bytes(b"shared")
        other = self.reopen(store, tmp_path / "other")
        assert other.get_bytes(digest) == b"shared"
        assert other.path(digest).read_bytes() == b"shared"

    def test_a_damaged_blob_is_never_handed_out(self, store: BlobStore, tmp_path: Path) -> None:
        digest = store.put_bytes(b"the truth")
        self.damage(store, digest)
        other = self.reopen(store, tmp_path / "other")
        for read in (other.get_bytes, other.path):
            with pytest.raises(DigestMismatch) as caught:
                read(digest)
            assert caught.value.where

    def test_many_may_put_the_same_and_different_bytes_at_once(self, store: BlobStore) -> None:
        wanted = [b"same"] * 16 + [b"%d" % number for number in range(16)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(store.put_bytes, wanted))
        assert found == [digests.of_bytes(data) for data in wanted]
        assert [store.get_bytes(digest) for digest in found] == wanted

    def test_a_blob_is_verified_in_the_store_and_not_in_a_cache(self, store: BlobStore) -> None:
        whole, damaged = store.put_bytes(b"whole"), store.put_bytes(b"to be damaged")
        assert store.get_bytes(damaged) == b"to be damaged"
        store.verify(whole)
        self.damage(store, damaged)
        with pytest.raises(DigestMismatch):
            store.verify(damaged)
        with pytest.raises(NotFound):
            store.verify(ABSENT)
