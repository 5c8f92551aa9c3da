"""What an operation's function gets: one transaction, one principal, one clock."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InternalError, NotFound
from meguru.kernel import events
from meguru.kernel.operations import subject as subjects
from meguru.kernel.operations.authorise import denial
from meguru.storage.db import changes
from meguru.storage.db.raw import RawSql

if TYPE_CHECKING:
    from meguru.base.clock import Clock
    from meguru.base.settings import Settings
    from meguru.kernel.operations.operation import Operation
    from meguru.kernel.principals import Principal
    from meguru.kernel.workspace import Workspace
    from meguru.storage.blobs import BlobStore
    from meguru.storage.db import Database


class Context:
    """The transaction of one operation, opened when `tx` is first touched.

    Read and compute before you touch `tx`: from then on (in a change) nobody else can write.
    """

    def __init__(
        self,
        ws: Workspace,
        operation: Operation[..., Any],
        stack: ExitStack,
        tx: Connection | None = None,
    ) -> None:
        self.ws, self.operation = ws, operation
        self.emitted: list[events.Event] = []
        self._changes: changes.Changes | None = None
        self._changes_before: int | None = None
        self.on_open: Callable[[Connection], None] | None = None
        self.notified: set[str] = set()
        self.if_undone: list[Callable[[Workspace], None]] = []
        """What is told, in a transaction of its own, when this one was undone by an error of ours."""
        self.if_done: list[Callable[[Workspace], None]] = []
        """What is done after the commit; not if the process dies before, and a failure is only logged."""
        self._stack = stack
        self._tx = tx

    @property
    def tx(self) -> Connection:
        """The open transaction: a read one for a query, else the write one."""
        if self._tx is None:
            if not self.operation.query and self.ws.is_snapshot:
                message = f"{self.operation.name} changes something; a snapshot is for queries"
                raise InternalError(message)
            db = self.ws.db
            # Late on purpose: SQLite has one writer, and what an operation computes first (hashes, parses,
            # loads) holds up nobody (docs/decisions/0005).
            self._tx = self._stack.enter_context(self.ws.read() if self.operation.query else db.write())
            if not self.operation.query:
                # SQLite's writer is alone as it is; on PostgreSQL the log's head is the lock, taken before
                # anything is read.
                if self.operation.alone and not db.is_sqlite:
                    events.lock(self._tx)
                self._begin_watching(self._tx)
                if self.on_open:
                    self.on_open(self._tx)
        return self._tx

    def has_blob(self, digest: str) -> bool:
        """Tell whether a blob is there; one that is stays until the transaction ends.

        Whoever begins to refer to bytes that were put before asks so: what deletes blobs is the only writer
        meanwhile (`events.lock`), so the transaction is opened before it is looked, and not after.
        """
        _ = self.tx
        return self.blobs.has(digest)

    @property
    def changed(self) -> bool:
        """Whether the transaction has changed a row."""
        if self._tx is None or self._changes_before is None:
            return self._changes is not None and self._changes.seen
        # SQLite counts the changes of a connection since it was opened, and connections are pooled.
        return bool(RawSql(self._tx).driver.total_changes != self._changes_before)

    @property
    def is_open(self) -> bool:
        """Whether the transaction has begun."""
        return self._tx is not None

    @property
    def principal(self) -> Principal:
        """Who acts."""
        return self.ws.principal

    @property
    def cause(self) -> str | None:
        """The id of the event that led to this operation."""
        return self.ws.cause

    @property
    def clock(self) -> Clock:
        """The workspace's clock."""
        return self.ws.clock

    @property
    def blobs(self) -> BlobStore:
        """The workspace's blobs."""
        return self.ws.blobs

    @property
    def db(self) -> Database:
        """The workspace's database."""
        return self.ws.db

    @property
    def settings(self) -> Settings:
        """The workspace's settings."""
        return self.ws.settings

    @property
    def visible(self) -> frozenset[str] | None:
        """The projects whose things this operation may show; None when that is all of them."""
        return self.visible_by(self.operation.permission)

    def visible_by(self, permission: str) -> frozenset[str] | None:
        """Return the projects whose things a permission shows, where one works; None: all of them."""
        held = self.principal.projects(permission)
        if not self.ws.project:
            return held
        here = "" if self.ws.project == refs.DEFAULT else self.ws.project
        return frozenset({here}) if held is None or here in held else frozenset()

    @property
    def readable(self) -> frozenset[str] | None:
        """The projects whose things the principal may read, wherever it works; None when that is all."""
        noun = self.operation.permission.partition(":")[0]
        return self.principal.projects(f"{noun}:read")

    def check_readable(self, kind: str, text: str, permission: str = "") -> None:
        """Refuse, as if it were not there, a thing beside the subject that the principal may not see.

        `text` is its name in full, its id or its reference; `permission` what seeing it needs, by default
        ``KIND:read``.
        """
        ref, wanted = refs.parse(text, kind=kind), permission or f"{kind}:read"
        if self.principal.allows(wanted):
            return
        project = subjects.project_of(self.tx, ref)
        if project is None or not self.principal.allows(wanted, project):
            raise NotFound.of(kind, ref.name)

    @property
    def home(self) -> str:
        """The one project that a door with flat names is in."""
        return self.ws.home

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return self.ws.clock.now()

    def emit(
        self,
        type: str,
        subject: str,
        *,
        data: Mapping[str, Any] | None = None,
        used: Iterable[str] = (),
        produced: Iterable[str] = (),
        claimed: Iterable[str] = (),
        cause: str | None = None,
        project: str | None = None,
    ) -> events.Event:
        """Append an event to the log, and its lineage edges from each `used` to each `produced` reference.

        `project` is where it happened; by default it is that of the subject, which must be there by now.
        An edge with one of `claimed` is marked: a client said so, and this operation did not see it.
        """
        if self.operation.query:
            message = f"{self.operation.name} is a query; it can't emit {type}"
            raise InternalError(message)
        done = events.append(
            self.tx,
            type=type,
            at=self.now(),
            actor=self.principal.name,
            operation=self.operation.name,
            subject=subject,
            project=subjects.project_of_subject(self.tx, subject) if project is None else project,
            cause=cause or self.cause,
            data=data,
            used=used,
            produced=produced,
            claimed=claimed,
        )
        self.emitted.append(done)
        return done

    def require(self, permission: str, *, project: str | None = None, why: str = "", hint: str = "") -> None:
        """Refuse the principal unless it holds a permission beside the operation's own; the log tells of it.

        `project` is where it must be held; None: in every project.

        Raises
        ------
        Forbidden
            The whole operation is undone then.
        """
        if not self.principal.allows(permission, project):
            raise denial(self.principal, permission, self.operation.name, why=why, hint=hint)

    def with_(self, *, cause: str | None = None, principal: Principal | None = None) -> Context:
        """Return a view of this operation in the same transaction, for what follows from another event.

        Operations run with the view get its cause and its principal; the transaction is opened if it was not.
        """
        self.tx  # noqa: B018 - opened here, so that both share it
        # A shallow copy: `emitted`, `notified` and what is done afterwards are shared with the operation
        # itself.
        view = copy.copy(self)
        view.ws = self.ws.with_(cause=cause, principal=principal)
        return view

    def notify(self, channel: str) -> None:
        """Wake whoever waits for a channel, once the transaction is committed."""
        self.notified.add(channel)

    def execute(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Run another operation in this transaction, as a part of this one.

        Who may do the whole may do its parts: its permission was checked, and what the parts are is ours.
        """
        from meguru.kernel.operations.execute import check_evented

        if self.operation.query and not operation.query:
            message = f"{self.operation.name} is a query; it can't run {operation.name}"
            raise InternalError(message)
        # A part that changes rows needs no event of its own if the whole emitted one before.
        before = len(self.emitted)
        result = operation.function(self, **operation.read_arguments(_to_builtins(arguments)))
        check_evented(
            operation, emitted=len(self.emitted) > before, changed=self.changed and not self.emitted
        )
        return result

    def authorise(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> None:
        """Refuse the principal unless it may do another operation with these arguments, names in full.

        To be asked before the transaction is open: the log tells of a refusal in one of its own.

        Raises
        ------
        Forbidden, NotFound
            As when the operation is asked by itself.
        """
        from meguru.kernel.operations.authorise import authorise

        authorise(self.ws, operation, operation.read_arguments(_to_builtins(arguments)))

    def _begin_watching(self, tx: Connection) -> None:
        # SQLite counts the rows that a connection changed; PostgreSQL does not, and each statement is noted.
        if self.ws.db.is_sqlite:
            self._changes_before = RawSql(tx).driver.total_changes
        else:
            self._changes = changes.watch(tx)
            self._stack.callback(changes.unwatch, tx)


def _to_builtins(arguments: dict[str, Any]) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(arguments, builtin_types=(bytes,))
    return plain
