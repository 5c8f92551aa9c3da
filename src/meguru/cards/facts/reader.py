"""Whose eyes the records are read with: a reader's own, or those of a project alone for what is kept."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from sqlalchemy import Connection

from meguru.artifacts.sight import Sight
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.kernel.principals import Principal
from meguru.storage.blobs import BlobStore


class RecordReader:
    """Reads records in one transaction, as far as they may be seen.

    What is kept for others to read is read with the eyes of its own project: all there is in it, and nothing
    of another.
    """

    def __init__(
        self,
        tx: Connection,
        blobs: BlobStore,
        now: datetime,
        *,
        principal: Principal | None = None,
        project: str = "",
    ) -> None:
        self.tx, self.blobs, self.now = tx, blobs, now
        self._principal, self._project = principal, project
        self._sights: dict[str, Sight] = {}

    @classmethod
    def of(cls, ctx: Context) -> RecordReader:
        """Return one that reads what the caller of a query may see."""
        return cls(ctx.tx, ctx.blobs, ctx.now(), principal=ctx.principal)

    @classmethod
    def of_project(cls, tx: Connection, blobs: BlobStore, project: str, now: datetime) -> RecordReader:
        """Return one that reads what is of a project."""
        return cls(tx, blobs, now, project=project)

    def sees(self, ref: str) -> bool:
        """Tell whether a thing may be told of: it is of a project that is seen, and its kind may be read."""
        kind = ref.partition("/")[0]
        if kind not in self._sights:
            self._sights[kind] = Sight(self.tx, self.projects(f"{kind}:read"))
        return self._sights[kind].sees(ref)

    def may(self, kind: str, ref: str) -> bool:
        """Tell whether things of a kind may be read in the project of a thing."""
        projects = self.projects(f"{kind}:read")
        return projects is None or refs.parse(ref).project in projects

    def projects(self, permission: str) -> AbstractSet[str] | None:
        """Return the projects whose things a permission shows; None: of all."""
        return frozenset({self._project}) if self._principal is None else self._principal.projects(permission)
