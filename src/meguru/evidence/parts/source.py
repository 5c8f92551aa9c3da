"""What the parts of a pack are gathered from, and what each of them gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from meguru.artifacts.sight import Sight
from meguru.artifacts.trees import TreeEntry, read_tree
from meguru.base import digests, refs
from meguru.errors import TooLarge
from meguru.evidence.types import MAX_PART_BYTES, PackContent
from meguru.governance.signing_keys.statements import predicate_type
from meguru.kernel.operations import Context
from meguru.pipelines.types import PipelineRun, PipelineVersion
from meguru.registry.types import ModelVersion
from meguru.releases.types import Release
from meguru.signing.dsse import SignedEnvelope
from meguru.signing.statement import Statement, StatementSubject

JSON, LINES, TEXT = "application/json", "application/jsonl", "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class PackSource:
    """A release with what it was made of, in the transaction that reads all of it."""

    ctx: Context
    release: Release
    model: ModelVersion
    pipeline: PipelineVersion | None
    run: PipelineRun | None
    sight: Sight
    at: datetime
    """The moment of the log's last event: what a pack says is of then."""
    first_hash: str

    @property
    def about_release(self) -> StatementSubject:
        """The release, as the subject of a statement."""
        return StatementSubject(name=self.release.ref, digest={"sha256": self.release.digest})

    @property
    def about_model(self) -> StatementSubject:
        """The model version, as the subject of a statement: its whole folder."""
        return StatementSubject(name=self.model.ref, digest={"sha256": self.model.tree_digest})

    @cached_property
    def files(self) -> list[TreeEntry]:
        """The files of the model."""
        return read_tree(self.ctx.blobs, self.model.tree_digest)

    def file(self, path: str) -> bytes:
        """Return a file of the model; nothing when it has none of this name.

        Raises
        ------
        TooLarge
            If it would fit into no pack: it is not read.
        """
        entry = next((tree_entry for tree_entry in self.files if tree_entry.path == path), None)
        if entry is not None and entry.size > MAX_PART_BYTES:
            raise TooLarge("a file of the model is too large for evidence", where=path)
        return self.ctx.blobs.get_bytes(entry.digest) if entry else b""


@dataclass(frozen=True, kw_only=True)
class GatheredPart:
    """Files, what the server states, and what others signed before."""

    files: list[PackContent] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    signed: list[SignedEnvelope] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """Fingerprints of the keys that `signed` were signed with."""


def stated(name: str, about: Iterable[StatementSubject], predicate: Mapping[str, Any]) -> Statement:
    """Return a statement of a kind that the list of statements has."""
    return Statement(subject=list(about), predicate_type=predicate_type(name), predicate=predicate)


def json_file(path: str, value: Any) -> PackContent:
    """Return a part that holds a value as canonical JSON."""
    return PackContent(path=path, media_type=JSON, data=digests.canonical(value))


def lines_file(path: str, values: Iterable[Any]) -> PackContent:
    """Return a part that holds a value on each line."""
    data = b"".join(digests.canonical(each) + b"\n" for each in values)
    return PackContent(path=path, media_type=LINES, data=data)


def kind_of(ref: str) -> str:
    """Return the kind of a reference."""
    return refs.parse(ref).kind
