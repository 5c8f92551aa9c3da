"""Tokens of sessions that ran out, and long lists of tokens."""

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.governance import sessions
from meguru.governance.principals import create_principal
from meguru.governance.sessions import KEPT, SessionKeeper
from meguru.governance.tokens import create_token, list_tokens, new_token
from meguru.governance.trusts.exchange import EXCHANGE
from meguru.kernel import events
from meguru.kernel.principals import system


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", clock=clock) as opened:
        create_principal(opened, name="sato", role="data-scientist")
        yield opened


def exchanged(ws):
    def give(ctx):
        made = new_token(ctx, "sato", timedelta(minutes=10), origin="exchange")
        told = {"principal": "sato", "by": "trust/ci", "seconds": 600, "claims": {}}
        ctx.emit("token.issued", f"token/{made.token.id}", data=told)
        return made.token.id

    return EXCHANGE.commit(ws.with_(principal=system("token-exchange")), give)


def test_tokens_of_sessions_go_a_while_after_they_ran_out_and_the_log_keeps_them(ws, clock, monkeypatch):
    monkeypatch.setattr(sessions, "_BATCH", 2)
    by_hand = create_token(ws, principal="sato", days=1).token.id
    old = [exchanged(ws) for _ in range(5)]
    keeper = SessionKeeper(ws)
    clock.move(KEPT)
    young = exchanged(ws)
    assert keeper.tick() == 0
    clock.move(timedelta(minutes=11))
    assert keeper.tick() == 5
    assert {each.id for each in list_tokens(ws).items} == {by_hand, young}
    with ws.read() as tx:
        told = {each.subject for each in events.read(tx, types=("token.issued",))}
    assert told >= {f"token/{each}" for each in old}


def test_a_long_list_of_tokens_comes_in_pages_newest_first(ws):
    made = [create_token(ws, principal="sato").token.id for _ in range(5)]
    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = list_tokens(ws, limit=2, cursor=cursor)
        seen += [each.id for each in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert (seen, pages) == (made[::-1], 3)
