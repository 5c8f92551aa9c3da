"""Principals and tokens."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal, list_principals
from meguru.governance.tokens import create_token, list_tokens, revoke_token
from meguru.kernel.principals import Principal


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", clock=clock) as opened:
        create_principal(opened, name="sato", role="data-scientist")
        yield opened


def dump_of(ws):
    with closing(sqlite3.connect(ws.root / "meguru.db")) as raw:
        return "\n".join(raw.iterdump())


def test_a_token_stands_for_its_owner_within_its_scope(ws):
    made = create_token(ws, principal="sato", scope=["run:write", "release:promote"])
    who = authenticate(ws, made.secret)
    assert who.name == "sato"
    assert who.allows("run:write")
    assert not who.allows("model:read")
    assert not who.allows("release:promote")


def test_the_secret_is_nowhere_in_the_workspace(ws):
    secret = create_token(ws, principal="sato").secret
    assert secret not in dump_of(ws)
    assert "secret" not in dir(list_tokens(ws).items[0])


def test_a_repeated_request_does_not_show_the_secret_again_and_nobody_keeps_it(ws):
    keyed = ws.with_(idempotency_key="k")
    secret = create_token(keyed, principal="sato").secret
    with pytest.raises(errors.Conflict) as caught:
        create_token(keyed, principal="sato")
    assert "once" in caught.value.what
    assert len(list_tokens(ws).items) == 1
    assert secret not in dump_of(ws)


def test_a_token_gives_no_more_than_its_maker_has(ws):
    maker = Principal(name="ops", permissions=frozenset({"*"}), scope=frozenset({"token:write", "run:*"}))
    as_maker = ws.with_(principal=maker)
    made = create_token(as_maker, principal="sato", scope=["run:write"])
    assert made.token.scope == ["run:write"]
    for scope in (None, ["*"], ["model:write"], ["*:write"]):
        with pytest.raises(errors.Forbidden):
            create_token(as_maker, principal="sato", scope=scope)


def test_an_expired_revoked_or_invented_token_is_refused_in_the_same_words(ws, clock):
    revoked, expired = create_token(ws, principal="sato"), create_token(ws, principal="sato", days=1)
    revoke_token(ws, id=revoked.token.id)
    clock.move(timedelta(days=2))
    said = set()
    for secret in (revoked.secret, expired.secret, "mgr_" + "x" * 43, "", "Bearer"):
        with pytest.raises(errors.Unauthenticated) as caught:
            authenticate(ws, secret)
        said.add(str(caught.value.as_dict()))
    assert len(said) == 1


def test_unknown_names_come_with_near_misses(ws):
    with pytest.raises(errors.NotFound) as caught:
        create_token(ws, principal="satoo")
    assert "sato" in caught.value.hint
    with pytest.raises(errors.NotFound):
        create_principal(ws, name="x", role="ownr")
    with pytest.raises(errors.Conflict):
        create_principal(ws, name="sato")
    assert [who.name for who in list_principals(ws)] == ["sato"]


@pytest.mark.parametrize("bad", [{"days": 0}, {"days": 10_000}, {"scope": ["everything"]}])
def test_a_token_for_ever_or_of_no_permission_is_refused(ws, bad):
    with pytest.raises(errors.InvalidInput):
        create_token(ws, principal="sato", **bad)
