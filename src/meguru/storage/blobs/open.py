"""Which store a URL means."""

from __future__ import annotations

from pathlib import Path

from meguru.base.plugins import PluginFamily
from meguru.storage.blobs.base import BlobStore

STORES = PluginFamily(
    "blob store",
    dict.fromkeys(
        ("s3", "gs", "gcs", "az", "azure", "abfs", "abfss"), "meguru.storage.blobs.objects:ObjectStore"
    ),
)


def open_store(url: str | Path) -> BlobStore:
    """Open a blob store: a folder, ``file://…``, or an object-store URL such as ``s3://bucket/prefix``.

    ``sealed+URL?key=…`` encrypts what is kept there; see `sealed.store`.
    """
    text = str(url)
    if text.startswith("sealed+"):
        from meguru.storage.blobs.sealed.store import SealedStore

        return SealedStore(text)
    scheme, colon, rest = text.partition("://")
    if not colon or scheme == "file":
        from meguru.storage.blobs.local import LocalStore

        return LocalStore(Path(rest if colon else text))
    store: BlobStore = STORES.load(scheme)(text)
    return store
