"""Signatures of model folders as OpenSSF model-signing writes and reads them, with keys.

A sigstore bundle holds a DSSE envelope with an in-toto statement that has the digest of each file.

Source: https://github.com/sigstore/model-transparency, ``_signing/{signing,sign_ec_key}.py`` of 1.1.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.signing.dsse import IN_TOTO, pre_authentication
from meguru.signing.elliptic import EllipticPublicKey, EllipticSigningKey

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PREDICATE = "https://model_signing/signature/v1.0"
STATEMENT = "https://in-toto.io/Statement/v1"
IGNORED = (".git", ".gitattributes", ".github", ".gitignore", "model.sig")
"""Paths of a folder that no signature of ours is about: those of Git, and where the signature goes."""
MAX_BYTES = 4 << 20
_HASHES = {"sha256": "sha256", "blake2": "blake2b", "blake2b": "blake2b"}


class _BundleSignature(msgspec.Struct, frozen=True):
    sig: bytes
    keyid: str | None = ""


class _BundleEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    payload: bytes
    payload_type: str
    signatures: list[_BundleSignature]


class _KeyHint(msgspec.Struct, frozen=True):
    hint: str | None = None


class _Material(msgspec.Struct, frozen=True, rename="camel"):
    public_key: _KeyHint
    tlog_entries: list[msgspec.Raw] = []


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: _BundleEnvelope


class _Resource(msgspec.Struct, frozen=True):
    name: str
    algorithm: str
    digest: str


class _Serialization(msgspec.Struct, frozen=True):
    method: str
    hash_type: str = "sha256"
    ignore_paths: list[str] = []


class _Predicate(msgspec.Struct, frozen=True):
    serialization: _Serialization
    resources: list[_Resource]


class _Subject(msgspec.Struct, frozen=True):
    name: str
    digest: dict[str, str]


class _Said(msgspec.Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    type: str
    subject: list[_Subject]
    predicate_type: str
    predicate: _Predicate


class ModelSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that was read: what it says, and whose it says to be; if that is true, `check` tells."""

    hint: str
    name: str
    resources: dict[str, tuple[str, str]]
    ignored: list[str]
    message: bytes
    sig: bytes

    def check(self, key: EllipticPublicKey, files: Mapping[str, str], place: Callable[[str], Path]) -> str:
        """Return why it is not this key's signature of just these files; empty if it is.

        Parameters
        ----------
        key
            The key that it has to be signed by.
        files
            The files of the model: the SHA-256 of each, by path.
        place
            Returns where a file is, to be read if its signer hashed otherwise.
        """
        # The hint is unsigned: it only makes the message better. The signature decides.
        if self.hint and self.hint != key.id:
            return f"it is signed by another key, {self.hint[:12]}…"
        if not key.verifies(self.sig, self.message):
            return "the signature is not that of the key"
        unsigned = [path for path in files if path not in self.resources and not _is_ignored(path, IGNORED)]
        if unsigned:
            left_out = ": its signer left it out" if _is_ignored(min(unsigned), self.ignored) else ""
            return f"{min(unsigned)} is in the model, and was not signed{left_out}"
        for path, (algorithm, digest) in self.resources.items():
            if path not in files:
                return f"{path} was signed, and is not in the model"
            found = files[path] if algorithm == "sha256" else _hashed(algorithm, place(path))
            if found != digest:
                return f"{path} was signed with the digest {digest[:12]}…, and has {found[:12]}…"
        return ""


def sign_model(name: str, files: Mapping[str, str], key: EllipticSigningKey) -> bytes:
    """Return the signature of a model's files, by path with the SHA-256 of each, as a bundle in JSON."""
    # By parts, as model-signing sorts: the root digest is over the digests in this order ("a/b" before
    # "a-b").
    wanted = sorted((path for path in files if not _is_ignored(path, IGNORED)), key=PurePosixPath)
    resources = [_Resource(path, "sha256", files[path]) for path in wanted]
    said = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": _root(resources)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": list(IGNORED),
            },
            "resources": resources,
        },
    }
    payload = digests.canonical(said)
    signature = _BundleSignature(key.sign(pre_authentication(IN_TOTO, payload)))
    bundle = _Bundle(
        media_type=MEDIA_TYPE,
        verification_material=_Material(_KeyHint(key.public.id)),
        dsse_envelope=_BundleEnvelope(payload, IN_TOTO, [signature]),
    )
    return msgspec.json.encode(bundle)


def read_signature(text: bytes) -> ModelSignature:
    """Return a signature from its bundle.

    Raises
    ------
    InvalidInput
        If it is none, was made with a certificate instead of a key, or hashes in a way that is not read here.
    """
    if len(text) > MAX_BYTES:
        raise InvalidInput("this signature is too large", why=f"{len(text):,} bytes", field="signature")
    try:
        bundle = msgspec.json.decode(text, type=_Bundle)
        said = msgspec.json.decode(bundle.dsse_envelope.payload, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = "one that was made with a key is read: model_signing sign key"
        raise InvalidInput(
            "this is no signature of a model", why=str(error), field="signature", hint=hint
        ) from error
    envelope, predicate = bundle.dsse_envelope, said.predicate
    if why := _unreadable(bundle, said):
        raise InvalidInput("this signature of a model is not read here", why=why, field="signature")
    return ModelSignature(
        hint=bundle.verification_material.public_key.hint or "",
        name=said.subject[0].name,
        resources={resource.name: (resource.algorithm, resource.digest) for resource in predicate.resources},
        ignored=predicate.serialization.ignore_paths,
        message=pre_authentication(envelope.payload_type, envelope.payload),
        sig=envelope.signatures[0].sig,
    )


def _unreadable(bundle: _Bundle, said: _Said) -> str:
    envelope, predicate = bundle.dsse_envelope, said.predicate
    names = [resource.name for resource in predicate.resources]
    unknown = {resource.algorithm for resource in predicate.resources} - _HASHES.keys()
    try:
        fits = said.subject[0].digest["sha256"] == _root(predicate.resources)
    except (ValueError, KeyError, IndexError):
        fits = False
    faults = {
        f"its media type is {bundle.media_type[:100]!r}": bundle.media_type != MEDIA_TYPE,
        f"it states {said.predicate_type[:100]!r}": (
            (envelope.payload_type, said.type, said.predicate_type) != (IN_TOTO, STATEMENT, PREDICATE)
        ),
        "it has not just one signature of one model": len(envelope.signatures) != 1 or len(said.subject) != 1,
        f"it signs {predicate.serialization.method[:40]!r} instead of whole files": (
            predicate.serialization.method != "files"
        ),
        f"files are hashed by {min(unknown, default='')[:40]!r}; sha256 and blake2 are read": bool(unknown),
        "a file is signed twice": len(set(names)) != len(names),
        "its digest of all files is not that of the digests that it lists": not fits,
    }
    return next((why for why, is_so in faults.items() if is_so), "")


def _root(resources: list[_Resource]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(resource.digest) for resource in resources)).hexdigest()


def _hashed(algorithm: str, path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _HASHES[algorithm]).hexdigest()


def _is_ignored(path: str, ignored: list[str] | tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in ignored)
