"""Requests that come together are looked up together, each after it came."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

import pytest

from meguru.errors import NotFound, Unauthenticated
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token, revoke_token
from meguru.kernel.principals import LOCAL_OWNER
from meguru.server.authenticator import Authenticator


class Slow:
    """A workspace whose first look at the database waits, and that counts its looks."""

    def __init__(self, ws):
        self.clock, self._ws = ws.clock, ws
        self.looks, self.begun, self.go_on = 0, threading.Event(), threading.Event()

    @contextmanager
    def read(self):
        self.looks += 1
        self.begun.set()
        self.go_on.wait(60)
        with self._ws.read() as tx:
            yield tx


@pytest.fixture
def token(workspace):
    create_principal(workspace, name="shop", role="service")
    return create_token(workspace, principal="shop")


def test_a_token_stands_for_its_principal_and_a_project_must_be_there(workspace, token):
    async def claims():
        known = Authenticator(workspace)
        assert (await known.admit(token.secret, "")).name == "shop"
        assert (await known.admit("", "")) is LOCAL_OWNER
        for secret, project, error in (("mgr_wrong", "", Unauthenticated), (token.secret, "nope", NotFound)):
            with pytest.raises(error):
                await known.admit(secret, project)

    asyncio.run(claims())


def test_those_who_come_while_one_is_looked_up_share_the_next_look_and_get_their_own_answers(
    workspace, token
):
    slow = Slow(workspace)

    async def claims():
        known = Authenticator(slow)
        first = asyncio.create_task(known.admit(token.secret, ""))
        await asyncio.to_thread(slow.begun.wait, 10)
        secrets = [token.secret, "mgr_wrong", "", token.secret] * 10
        others = [asyncio.create_task(known.admit(secret, "")) for secret in secrets]
        await asyncio.sleep(0)
        slow.go_on.set()
        return [await first, *await asyncio.gather(*others, return_exceptions=True)]

    found = asyncio.run(claims())
    assert slow.looks == 2
    names = [getattr(each, "name", type(each).__name__) for each in found]
    assert names == ["shop", *["shop", "Unauthenticated", "local", "shop"] * 10]


def test_a_token_that_was_revoked_before_it_came_is_refused_though_a_look_was_under_way(workspace, token):
    slow = Slow(workspace)

    async def claims():
        known = Authenticator(slow)
        first = asyncio.create_task(known.admit("", ""))
        await asyncio.to_thread(slow.begun.wait, 10)
        revoke_token(workspace, id=token.token.id)
        late = asyncio.create_task(known.admit(token.secret, ""))
        await asyncio.sleep(0)
        slow.go_on.set()
        await first
        with pytest.raises(Unauthenticated):
            await late

    asyncio.run(claims())


def test_a_database_that_fails_is_told_to_all_who_wait_and_asked_again_by_the_next(workspace, token):
    slow = Slow(workspace)
    slow.go_on.set()

    async def claims():
        known = Authenticator(slow)
        slow._ws = None
        found = await asyncio.gather(
            *(known.admit(token.secret, "") for _ in range(3)), return_exceptions=True
        )
        assert [type(each) for each in found] == [AttributeError] * 3
        slow._ws = workspace
        assert (await known.admit(token.secret, "")).name == "shop"

    asyncio.run(claims())
