"""Events and blobs, as kinds: what the log, the graph and the store are made of."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


@event_type(
    "blob.encrypted",
    label="blobs encrypted",
    sentence="{actor} brought blobs under a key: {blobs}",
    tone=Tone.ODD,
)
class BlobEncrypted(Payload, frozen=True):
    """New blobs are encrypted from now on; so many that were there are, too."""

    key: str
    blobs: int


EVENT = Kind(
    name="event",
    title=("event", "events"),
    named=False,
    operations=("meguru.artifacts.operations",),
    grants={"engineer": ("cite",)},
    project_of="meguru.kernel.events.read:project_of",
    provides={"checklist evidence": "meguru.artifacts.log:evidence"},
)
"""The project of an event is that of its subject. Lineage, causes and the audit are read off events."""
BLOB = Kind(
    name="blob",
    title=("blob", "blobs"),
    named=False,
    tables=("meguru.artifacts.uploads.schema", "meguru.artifacts.erasure.schema"),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    events=(BlobEncrypted,),
    internal={"encrypt": "who has the machine brings blobs under a key"},
    services=(
        Service(name="blobs", factory="meguru.artifacts.durability:blob_flusher"),
        Service(name="uploads", factory="meguru.artifacts.uploads.expiry:ExpiredUploads"),
    ),
)
"""A blob belongs to nothing and to nobody: who has its digest, and may read blobs anywhere, may read it."""
