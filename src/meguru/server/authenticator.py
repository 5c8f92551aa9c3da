"""Who a token stands for, asked of the database by all requests that wait at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection

from meguru.errors import MeguruError
from meguru.governance.admission import RightsCache, principal_of
from meguru.kernel.principals import LOCAL_OWNER, Principal
from meguru.kernel.projects import check_project
from meguru.kernel.workspace import Workspace

Claim: TypeAlias = tuple[str, str]
"""The secret of a token (empty: the local owner asks), and the project to be in (empty: none is named)."""
_Future: TypeAlias = "asyncio.Future[Principal | MeguruError]"


class Authenticator:
    """Checks the claims of one event loop's requests.

    While one look at the database is under way, what is claimed waits, and shares the next one. Each claim
    is looked up after it was made: a token that was revoked before is refused, whoever revoked it. The look
    has a thread of its own, so that no long work of others delays it.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws, self._cache = ws, RightsCache()
        # One: two looks at a time would queue for the database's connections that the requests need
        # themselves.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="authenticator")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[Claim, list[_Future]] = {}
        self._looking = False

    async def admit(self, secret: str, project: str) -> Principal:
        """Return the principal of a claim.

        Raises
        ------
        Unauthenticated
            If the token is not valid.
        NotFound
            If there is no such project.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # a test's client: what waited in the loop before is gone with it
            self._loop, self._waiting, self._looking = loop, {}, False
        future: _Future = loop.create_future()
        self._waiting.setdefault((secret, project), []).append(future)
        if not self._looking:
            self._look(loop)
        found = await future
        if isinstance(found, Principal):
            return found
        raise found.with_traceback(None)  # others raise it too

    def principal_of(self, tx: Connection, secret: str) -> Principal:
        """Return whom a secret stands for in a transaction; raise Unauthenticated if for nobody."""
        return principal_of(tx, secret, self._ws.clock.now(), self._cache)

    def principal_now(self, secret: str) -> Principal:
        """Return whom a secret stands for by now: for answers that last longer than a moment."""
        with self._ws.read() as tx:
            return self.principal_of(tx, secret)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        asked, self._waiting = self._waiting, {}
        self._looking = True
        looking = loop.run_in_executor(self._thread, self._found, list(asked))
        looking.add_done_callback(partial(self._answer, loop, asked))

    def _answer(
        self,
        loop: asyncio.AbstractEventLoop,
        asked: dict[Claim, list[_Future]],
        looking: asyncio.Future[list[Principal | MeguruError]],
    ) -> None:
        self._looking = False
        error = looking.exception()
        results = [] if error else looking.result()
        for index, futures in enumerate(asked.values()):
            for future in futures:
                if future.done():
                    continue
                if error:
                    future.set_exception(error)
                else:
                    future.set_result(results[index])
        if self._waiting:
            self._look(loop)

    def _found(self, claims: Sequence[Claim]) -> list[Principal | MeguruError]:
        found: list[Principal | MeguruError] = []
        with self._ws.read() as tx:
            for secret, project in claims:
                try:
                    principal = self.principal_of(tx, secret) if secret else LOCAL_OWNER
                    if project:
                        check_project(tx, project, among=principal.known_projects)
                except MeguruError as error:
                    found.append(error)
                else:
                    found.append(principal)
        return found
