from __future__ import annotations

import pytest

from meguru.errors import InvalidInput
from meguru.storage.blobs import open_store
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.sealed.store import sealed_url
from meguru.storage.blobs.sealed.wrappers import new_key
from meguru.testing.contracts.blob_store import BlobStoreContract


class TestLocalStore(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return open_store(tmp_path / "blobs")

    def damage(self, store, digest):
        path = store.path(digest)
        path.chmod(0o644)
        path.write_bytes(b"a lie")

    def reopen(self, store, folder):
        return LocalStore(store.folder)

    def test_a_put_that_fails_leaves_no_blob(self, store, tmp_path):
        (tmp_path / "folder").mkdir()
        with pytest.raises(InvalidInput):
            store.put_file(tmp_path / "folder")
        assert [path for path in store.folder.glob("??/*") if path.is_file()] == []


@pytest.mark.integration
class TestS3Store(BlobStoreContract):
    @pytest.fixture
    def store(self, s3_url, tmp_path):
        return ObjectStore(s3_url, tmp_path / "cache")

    def damage(self, store, digest):
        import obstore

        obstore.put(store.store, f"{digest[:2]}/{digest[2:]}", b"a lie")

    def reopen(self, store, folder):
        return ObjectStore(store.url, folder)


class TestSealedStore(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        new_key(tmp_path / "blob.key")
        return open_store(sealed_url(str(tmp_path / "blobs"), f"file:{tmp_path / 'blob.key'}"))

    def damage(self, store, digest):
        path = store.inner.folder / digest[:2] / digest[2:]
        path.chmod(0o644)
        path.write_bytes(b"a lie")
        store._opened.delete(digest)

    def reopen(self, store, folder):
        return open_store(store.url)


@pytest.mark.integration
class TestSealedS3Store(BlobStoreContract):
    @pytest.fixture
    def store(self, s3_url, tmp_path):
        new_key(tmp_path / "blob.key")
        return open_store(sealed_url(s3_url, f"file:{tmp_path / 'blob.key'}"))

    def damage(self, store, digest):
        import obstore

        obstore.put(store.inner.store, f"{digest[:2]}/{digest[2:]}", b"a lie")
        store._opened.delete(digest)

    def reopen(self, store, folder):
        return open_store(store.url)
