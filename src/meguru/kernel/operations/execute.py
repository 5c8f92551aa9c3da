"""Carry out an operation: authorise, run once per idempotency key, commit, tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError as RowConflict

from meguru.base import digests
from meguru.errors import Conflict, InternalError, MeguruError
from meguru.kernel.operations import idempotency
from meguru.kernel.operations.authorise import authorise, denials_logged
from meguru.kernel.operations.causes import with_cited_cause
from meguru.kernel.operations.context import Context
from meguru.kernel.operations.plain import to_plain
from meguru.kernel.operations.subject import qualify_arguments
from meguru.kernel.projects import check_project

if TYPE_CHECKING:
    from meguru.kernel.operations.operation import Operation
    from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)


class _AlreadyDone(Exception):
    def __init__(self, answer: idempotency.StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


def execute(ws: Workspace, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
    """Run `operation` in its own transaction and return its result.

    With an idempotency key, the result of the first successful run is returned to every later call of
    the same principal with the same key and arguments; other arguments under that key are a `Conflict`.
    """
    # Twice: who may do it nowhere is refused before the arguments are read, so that a fault in them tells
    # them nothing; then with the thing that the arguments name.
    authorise(ws, operation)
    if ws.cited and not operation.query:
        with denials_logged(ws, operation.name):
            ws = with_cited_cause(ws)
    plain, body = to_plain(arguments)
    typed = qualify_arguments(ws, operation, operation.read_arguments(plain))
    home = authorise(ws, operation, typed)
    key = None if operation.query else ws.idempotency_key
    if not key:
        return run(ws, operation, lambda ctx: operation.function(ctx, **typed), home=home)
    request = idempotency.IdempotentRequest(
        principal=ws.principal.name,
        operation=operation.name,
        key=key,
        digest=digests.of_bytes(_fingerprint(ws, body)),
    )
    # First without the write lock, which most repeated requests then never wait for; `_begin` asks again
    # under it.
    with ws.read() as tx:
        answer = idempotency.find(tx, request)
    if answer is not None:
        return _replay(operation, request, answer)
    try:
        return run(ws, operation, lambda ctx: operation.function(ctx, **typed), request, home=home)
    except _AlreadyDone as done:
        return _replay(operation, request, done.answer)
    except RowConflict:
        # Another server answered the same key between our query and our commit.
        with ws.read() as tx:
            answer = idempotency.find(tx, request)
        if answer is None:
            raise
        return _replay(operation, request, answer)


def execute_grouped(ws: Workspace, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
    """Run an operation of a hot path by group commit, with those that come at the same time.

    PostgreSQL's transactions wait for each other in another order (see `Operation.alone`), and a call with
    an idempotency key looks for its answer first: those have a transaction of their own.
    """
    if ws.idempotency_key or not ws.db.is_sqlite or operation.evented or not operation.quiet:
        return execute(ws, operation, arguments)
    authorise(ws, operation)
    typed = qualify_arguments(ws, operation, operation.read_arguments(to_plain(arguments)[0]))
    home = authorise(ws, operation, typed)

    def work(tx: Connection) -> Any:
        if home:
            check_project(tx, home, among=ws.principal.known_projects)
        with ExitStack() as stack:
            return operation.function(Context(ws, operation, stack, tx), **typed)

    with denials_logged(ws, operation.name, project=home):
        return ws.db.group_commit.submit(work).result()


def check_evented(operation: Operation[..., Any], *, emitted: bool, changed: bool) -> None:
    """Refuse a change that nobody would ever hear of."""
    if changed and not emitted and operation.evented and not operation.query:
        message = f"operation {operation.name} changed the database without an event"
        raise InternalError(message)


def run(
    ws: Workspace,
    operation: Operation[..., Any],
    work: Callable[[Context], Any],
    request: idempotency.IdempotentRequest | None = None,
    *,
    home: str = "",
) -> Any:
    """Do the work of an operation whose caller may do it, in one transaction, and tell of it.

    `home` is the project that must be there.
    """
    undone: list[Callable[[Workspace], None]] = []
    try:
        with denials_logged(ws, operation.name, project=home), ExitStack() as stack:
            ctx = Context(ws, operation, stack)
            ctx.if_undone = undone
            if request or home:
                ctx.on_open = lambda tx: _begin(ws, tx, request, home)
            result = work(ctx)
            check_evented(operation, emitted=bool(ctx.emitted), changed=ctx.changed)
            # In the transaction of the change: the answer is kept if the work was done, and only then.
            # A secret is not stored: the repeated request is refused instead (`_replay`).
            if request:
                kept = "" if operation.secret else msgspec.json.encode(result).decode()
                idempotency.store(ctx.tx, request, kept, ctx.now())
    except MeguruError:
        _afterwards(ws, operation, undone)
        raise
    # After the commit: whoever is woken finds the events that woke it.
    if ctx.is_open and not operation.query and not operation.quiet:
        ws.watch.notify([(event.seq, event.type) for event in ctx.emitted], ctx.notified)
    _afterwards(ws, operation, ctx.if_done)
    return result


def _afterwards(
    ws: Workspace, operation: Operation[..., Any], works: Iterable[Callable[[Workspace], None]]
) -> None:
    """Do what follows from an operation that has ended; its caller is told how that ended, whatever comes."""
    for work in works:
        try:
            work(ws)
        except Exception:
            log.exception("what follows from %s could not be done", operation.name)


def _fingerprint(ws: Workspace, body: bytes) -> bytes:
    # The same names asked in another project are another request.
    return body + f"@{ws.project}".encode() if ws.project else body


def _begin(ws: Workspace, tx: Connection, request: idempotency.IdempotentRequest | None, home: str) -> None:
    if request:
        _stop_if_done(tx, request)
    if home:
        check_project(tx, home, among=ws.principal.known_projects)


def _stop_if_done(tx: Connection, request: idempotency.IdempotentRequest) -> None:
    answer = idempotency.find(tx, request)
    if answer is not None:
        raise _AlreadyDone(answer)


def _replay(
    operation: Operation[..., Any],
    request: idempotency.IdempotentRequest,
    answer: idempotency.StoredAnswer,
) -> Any:
    if answer.digest != request.digest:
        raise Conflict(
            f"the idempotency key {request.key!r} was used for another {operation.name}",
            why="a key stands for one request; its arguments can't change",
            hint="send a new key with the new arguments",
        )
    if operation.secret:
        raise Conflict(
            f"{operation.name} was done with this idempotency key, and its answer was shown once",
            why="it holds a secret, which nobody keeps",
            hint="undo it and ask again with a new key if the answer was lost",
        )
    return msgspec.json.decode(answer.result, type=operation.result_type)
