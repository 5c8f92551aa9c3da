"""What an evidence pack is: a manifest of parts, and what a check of it found."""

from __future__ import annotations

import msgspec

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
ATTESTATIONS, EVENTS, KEYS, RELEASE = (
    "parts/attestations.jsonl",
    "parts/events.jsonl",
    "parts/keys.json",
    "parts/release.json",
)
FILES, LINEAGE = "parts/model-files.json", "parts/lineage.json"
LOG, SIGNATURES = "parts/log.json", "parts/model-signatures.json"
MAX_PARTS, MAX_PART_BYTES, MAX_BYTES = 1000, 64 << 20, 512 << 20
"""So many parts, so large each, and all of them together: a pack that says more is refused unread."""


class PackedPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part: `size`, `sha256` are of its content, `stored`, `stored_sha256` of its bytes in the file.

    All that is left of the file follows from these: no byte of it is free.
    """

    path: str
    media_type: str
    size: int
    sha256: str
    stored: int
    stored_sha256: str


class LogHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last event of the log when the pack was made."""

    seq: int
    hash: str
    at: str


class PackManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in a pack, in this order, about which release, and how far the log was then."""

    format: int
    release: str
    digest: str
    model: str
    model_digest: str
    head: LogHead
    parts: list[PackedPart]


class PackContent(msgspec.Struct, frozen=True, kw_only=True):
    """A part before it is packed."""

    path: str
    media_type: str
    data: bytes


class EvidencePack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack as it is handed out: the name and the bytes of its file, and which key signed it."""

    release: str
    digest: str
    name: str
    data: bytes
    key: str


class PackFault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with a pack: where, and what."""

    place: str
    what: str


class PackSigner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key signed a pack; `vouched` when the one who checks named it."""

    key: str
    public: str
    owner: str
    vouched: bool


class PackVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a pack found; it is whole when there are no faults."""

    file: str
    whole: bool
    faults: list[PackFault]
    release: str = ""
    digest: str = ""
    at: str = ""
    signer: PackSigner | None = None
    statements: dict[str, int] = {}
    notes: list[str] = []
