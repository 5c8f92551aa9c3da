"""The content-addressed store: bytes named by their sha256, on a disk or in an object store."""

from meguru.storage.blobs.base import BlobStore
from meguru.storage.blobs.open import open_store

__all__ = ["BlobStore", "open_store"]
