"""A forge's job gets a short token for the one that its forge signed."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.governance.admission import authenticate
from meguru.governance.oidc import fetching, issuers
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.sign_in.admit import storable_claims
from meguru.governance.trusts.exchange import exchange, missing_claim
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.trusts.operations import specs as trusts
from meguru.governance.trusts.spec import STORE
from meguru.governance.whoami import whoami
from meguru.kernel import events
from meguru.testing.issuers import SigningIssuer

pytest.importorskip("authlib")
MAIN = {"repository": "acme/shop", "ref": "refs/heads/main"}


@pytest.fixture(scope="module")
def issuer():
    with SigningIssuer() as found:
        yield found


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with open_local(tmp_path_factory.mktemp("w"), clock=FixedClock(datetime.now(UTC))) as ws:
        projects.declare(ws, name="shop", spec=ProjectSpec())
        yield ws


@pytest.fixture
def ws(opened):
    """Give the workspace, without the trusts of other tests."""
    yield opened
    with opened.read() as tx:
        left = STORE.names(tx, None)
    for name in left:
        trusts.retire(opened, name=name)


def trust(ws, forge, name="ci", **changed):
    spec = {
        "issuer": forge.url,
        "audience": "meguru",
        "claims": MAIN,
        "role": "engineer",
        "projects": ["shop"],
    }
    return trusts.declare(ws, name=name, spec=TrustSpec(**(spec | changed)))


def denied(ws):
    with ws.read() as tx:
        return [each.data for each in events.read(tx, after=0, limit=1000) if each.type == "access.denied"]


def test_a_job_gets_what_its_trust_gives_for_so_long_and_no_more(ws, issuer):
    trust(ws, issuer, ttl="15m")
    made = exchange(ws, issuer.sign(**MAIN, sha="abc", review={"approved_by": ["ana"]}))
    who = authenticate(ws, made.secret)
    assert (who.name, who.kind) == ("trust:ci", "service")
    assert who.projects("run:write") == {"shop"}
    assert (who.claims["sha"], who.claims["review"]) == ("abc", {"approved_by": ["ana"]})
    assert made.token.expires_at == ws.clock.now() + timedelta(minutes=15)
    assert whoami(ws.with_(principal=who)).rights[0].roles == ["engineer via trust/ci"]
    ws.clock.move(timedelta(minutes=16))
    with pytest.raises(errors.Unauthenticated):
        authenticate(ws, made.secret)
    ws.clock.move(timedelta(minutes=-16))


@pytest.mark.parametrize(
    "claims",
    [
        {"repository": "acme/shop"},
        MAIN | {"ref": "refs/heads/dev"},
        MAIN | {"ref": "refs/heads/main2"},
        MAIN | {"repository": "evil/acme/shop"},
        MAIN | {"repository": ["acme/shop"]},
        MAIN | {"repository": None},
    ],
)
def test_claims_that_say_otherwise_are_refused_and_the_log_tells_of_it(ws, issuer, claims):
    trust(ws, issuer)
    before = len(denied(ws))
    with pytest.raises(errors.Forbidden) as caught:
        exchange(ws, issuer.sign(**claims))
    assert "trust/ci does not take" in caught.value.why
    assert len(denied(ws)) == before + 1


def forged(token, **changed):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | changed
    made = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{made}.{signature}"


def unsigned(token):
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def test_what_is_forged_old_early_or_for_others_is_no_token(ws, issuer):
    trust(ws, issuer)
    now = time.time()
    for token in (
        "",
        "a.b.c",
        "x" * 20_000,
        forged(issuer.sign(**(MAIN | {"ref": "dev"})), **MAIN),
        unsigned(issuer.sign(**MAIN)),
        issuer.sign(**MAIN, now=now - 1000),
        issuer.sign(**MAIN, iat=int(now + 1000)),
        issuer.sign(**MAIN, nbf=int(now + 1000)),
        issuer.sign("somebody", **MAIN),
        issuer.sign(["meguru", "somebody"], azp="somebody", **MAIN),
        issuer.sign(iss="http://127.0.0.1:1", **MAIN),
    ):
        with pytest.raises(errors.Unauthenticated):
            exchange(ws, token)
    assert exchange(ws, issuer.sign(**MAIN, now=now + 30)), "clocks may differ a little"
    assert exchange(ws, issuer.sign(**MAIN, now=now - 330)), "clocks may differ a little"


def test_a_rotated_key_is_asked_for_and_an_invented_one_not_again_and_again(ws, issuer, monkeypatch):
    trust(ws, issuer)
    exchange(ws, issuer.sign(**MAIN))
    old = issuer.sign(**MAIN)
    issuer.rotate()
    monkeypatch.setattr(issuers, "MIN_REFRESH_SECONDS", 0.0)
    assert exchange(ws, issuer.sign(**MAIN))
    with pytest.raises(errors.Unauthenticated):
        exchange(ws, old)
    monkeypatch.setattr(issuers, "MIN_REFRESH_SECONDS", 60.0)
    before = len(issuer.asked)
    for _ in range(3):
        with pytest.raises(errors.Unauthenticated):
            exchange(ws, old)
    assert len(issuer.asked) == before


def test_a_retired_trust_ends_its_tokens_and_a_narrower_one_narrows_them(ws, issuer):
    trust(ws, issuer)
    made = exchange(ws, issuer.sign(**MAIN))
    trust(ws, issuer, role="viewer")
    assert authenticate(ws, made.secret).projects("run:write") == frozenset()
    trusts.retire(ws, name="ci")
    with pytest.raises(errors.Unauthenticated):
        authenticate(ws, made.secret)
    with pytest.raises(errors.Unauthenticated):
        exchange(ws, issuer.sign(**MAIN))


def test_of_two_trusts_that_take_a_token_one_is_named(ws, issuer):
    trust(ws, issuer)
    trust(ws, issuer, name="any-branch", claims={"repository": "acme/*"}, role="viewer")
    with pytest.raises(errors.Forbidden):
        exchange(ws, issuer.sign(**MAIN))
    assert exchange(ws, issuer.sign(**MAIN), trust="ci").token.trust == "ci"
    assert exchange(ws, issuer.sign(repository="acme/other", ref="x")).token.trust == "any-branch"


@pytest.mark.parametrize(
    "bad",
    [
        {"issuer": "http://forge.example"},
        {"issuer": "https://user:pass@forge.example"},
        {"issuer": "file:///etc/passwd"},
        {"claims": {}},
        {"claims": {"repository": "*"}},
        {"claims": {"repository": []}},
        {"audience": ""},
        {"ttl": "2d"},
        {"ttl": "soon"},
        {"projects": []},
        {"projects": ["*", "shop"]},
        {"projects": ["shpo"]},
        {"role": "enginer"},
    ],
)
def test_a_trust_that_makes_no_sense_or_takes_anybody_is_refused(ws, issuer, bad):
    with pytest.raises((errors.InvalidInput, errors.NotFound)):
        trust(ws, issuer, **bad)


def test_claims_are_kept_without_what_no_database_holds():
    said = {"name": "A\0B", "path": r"C:\u0000", "teams": ["x\0"], "more": {"k\0": ["\0y", 1]}}
    assert storable_claims(said) == {
        "name": "AB",
        "path": r"C:\u0000",
        "teams": ["x"],
        "more": {"k": ["y", 1]},
    }


@pytest.mark.parametrize(
    ("pattern", "takes", "refuses"),
    [
        ("main", ["main"], ["main2", "amain", ""]),
        ("*", ["", "a\nb"], []),
        ("refs/*/main", ["refs/heads/main", "refs//main"], ["refs/main", "refs/heads/main2"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("a*bc*bc*d", ["abcbcd", "a_bc_bc_d"], ["abcd", "abc_d"]),
        ("(a|b)*", ["(a|b)c"], ["a"]),
    ],
)
def test_a_star_stands_for_any_text_within_a_claim(pattern, takes, refuses):
    asked = TrustSpec(issuer="https://i", audience="a", claims={"ref": pattern}, role="viewer")
    assert not any(missing_claim({"ref": each}, asked) for each in takes)
    assert all(missing_claim({"ref": each}, asked) for each in refuses)


def test_an_answer_that_drips_is_not_waited_for(issuer, monkeypatch):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", -1.0)
    with pytest.raises(errors.Busy, match="can't be asked"):
        fetching.get_json(f"{issuer.url}/.well-known/openid-configuration")
