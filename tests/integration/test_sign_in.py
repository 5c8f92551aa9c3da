"""People sign in with an OpenID provider: a real one, in a thread; the browser is made of requests."""

from __future__ import annotations

import logging
import warnings
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.governance.admission import authenticate
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.principals import create_principal, list_principals
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.governance.sign_in.operations import specs as providers
from meguru.governance.tokens import list_tokens
from meguru.kernel import events
from meguru.server.asgi import build
from meguru.server.provider_sign_in import local_path
from meguru.testing.authorisation.asking import InProcessClient

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # the provider's own
]
ORIGIN = "http://meguru.test"
SECRET = "a-secret-of-the-client"


@pytest.fixture(scope="module")
def provider():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mock = pytest.importorskip("oidc_provider_mock")
        with mock.run_server_in_thread(require_nonce=True) as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    settings = Settings(sqlite_synchronous="NORMAL", public_url=ORIGIN)
    folder = tmp_path_factory.mktemp("w")
    with (
        pytest.MonkeyPatch.context() as patch,
        open_local(folder, settings=settings, clock=FixedClock(datetime.now(UTC))) as opened,
    ):
        patch.setenv("CORP_SECRET", SECRET)
        create_principal(opened, name="root", role="owner")
        yield opened


@pytest.fixture(scope="module")
def client(ws):
    with InProcessClient(build(ws, auth=True)) as asking:
        yield asking


class Browser:
    """Keeps cookies, and goes where it is sent."""

    def __init__(self, client: InProcessClient) -> None:
        self.client, self.cookies = client, dict[str, str]()

    def ask(self, method: str, path: str, **more):
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"accept": "text/html", **({"cookie": sent} if sent else {}), **more.pop("headers", {})}
        answer = self.client.ask(method, path, headers=headers, **more)
        for name, value in answer.headers:
            if name == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[key]
        return answer

    def begin(self, then="/") -> str:
        answer = self.ask("GET", f"/sign-in/with/corp?then={then}")
        assert answer.status == 303, answer.text
        return answer.header("location")

    def sign_in(self, person: str, then="/"):
        return self.ask("GET", allowed(self.begin(then), person))


def allowed(url: str, person: str) -> str:
    """Be the person at the provider's page; return where it sends the browser."""
    answer = httpx2.post(url, data={"sub": person}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    found = answer.headers["location"]
    assert found.startswith(f"{ORIGIN}/sign-in/with/corp/done?")
    return found.removeprefix(ORIGIN)


def person(provider, name, **claims):
    httpx2.put(f"{provider}/users/{name}", json={"preferred_username": name} | claims)


def declare(ws, provider, **changed):
    spec = {"issuer": provider, "client_id": "meguru", "client_secret": "env:CORP_SECRET", "title": "Corp"}
    providers.declare(ws, name="corp", spec=IdentityProviderSpec(**(spec | changed)))


def log_of(ws):
    with ws.read() as tx:
        return list(events.read(tx, after=0, limit=500))


def test_who_signs_in_for_the_first_time_becomes_a_principal_with_what_their_groups_have(
    ws, client, provider
):
    declare(ws, provider)
    groups.declare(ws, name="approvers", spec=GroupSpec(claims={"groups": "ml-approvers"}))
    grants.declare(
        ws, name="approvers", spec=GrantSpec(to="group/approvers", role="engineer", projects=["*"])
    )
    person(provider, "ana", groups=["staff", "ml-approvers"])
    browser = Browser(client)
    assert "Corp" in browser.ask("GET", "/sign-in").text
    assert browser.ask("GET", "/ui/events").header("location") == "/sign-in?then=/ui/events"
    answer = browser.sign_in("ana", then="/ui/events")
    assert answer.status == 200
    assert 'content="0;url=/ui/events"' in answer.text
    assert set(browser.cookies) == {"meguru_token"}
    assert browser.ask("GET", "/ui/events").status == 200
    me = authenticate(ws, browser.cookies["meguru_token"])
    assert (me.name, me.allows("release:promote")) == ("ana", True)
    said = [each for each in log_of(ws) if each.type == "principal.signed_in"]
    assert (said[0].data["provider"], said[0].data["new"]) == ("corp", True)
    # What the provider says counts anew at each sign-in, and no longer than a session.
    person(provider, "ana", groups=["staff"])
    browser.sign_in("ana")
    assert not authenticate(ws, browser.cookies["meguru_token"]).allows("release:promote")
    assert [each.name for each in list_principals(ws)] == ["ana", "root"]


def test_what_a_sign_in_said_lapses_with_the_session(ws, client, provider):
    declare(ws, provider, session="1h")
    person(provider, "cy", groups="ml")
    groups.declare(ws, name="ml", spec=GroupSpec(claims={"groups": ["ml", "other"]}))
    grants.declare(ws, name="ml", spec=GrantSpec(to="group/ml", role="engineer", projects=["*"]))
    browser = Browser(client)
    browser.sign_in("cy")
    assert authenticate(ws, browser.cookies["meguru_token"]).allows("run:write")
    ws.clock.move(timedelta(minutes=61))
    with pytest.raises(errors.Unauthenticated):
        authenticate(ws, browser.cookies["meguru_token"])
    ws.clock.move(timedelta(minutes=-61))


def test_signing_out_ends_the_session_and_not_only_the_cookie(ws, client, provider):
    declare(ws, provider)
    person(provider, "dan")
    browser = Browser(client)
    browser.sign_in("dan")
    secret = browser.cookies["meguru_token"]
    browser.ask("POST", "/sign-out", headers={"origin": ORIGIN})
    assert "meguru_token" not in browser.cookies
    with pytest.raises(errors.Unauthenticated):
        authenticate(ws, secret)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"new": ""}, "new people are not let in"),
        ({"require": {"email_verified": "true"}}, "not what is asked for"),
        ({"name_claim": "nickname"}, "somebody else is called"),
    ],
)
def test_policy_refuses_and_the_log_tells_of_it(ws, client, provider, changed, why):
    declare(ws, provider, **changed)
    before = len(log_of(ws))
    person(provider, "eve", nickname="root", email_verified=False)
    browser = Browser(client)
    answer = browser.sign_in("eve")
    assert answer.status == 403
    assert why in answer.text
    assert browser.cookies == {}
    assert [each.operation for each in log_of(ws)[before:] if each.type == "access.denied"] == [
        "identity_provider.sign_in"
    ]


def test_who_is_there_already_is_taken_over_only_where_that_is_declared(ws, client, provider):
    create_principal(ws, name="fay", role="engineer")
    person(provider, "fay")
    declare(ws, provider)
    browser = Browser(client)
    assert browser.sign_in("fay").status == 403
    declare(ws, provider, adopt=True)
    assert browser.sign_in("fay").status == 200
    assert authenticate(ws, browser.cookies["meguru_token"]).allows("run:write")


def test_an_answer_to_another_browser_a_changed_one_or_one_used_twice_is_refused(ws, client, provider):
    declare(ws, provider)
    person(provider, "gus")
    mine, theirs = Browser(client), Browser(client)
    answered = allowed(theirs.begin(), "gus")
    mine.begin()
    assert mine.ask("GET", answered).status == 401, "login CSRF: the state is another browser's"
    assert Browser(client).ask("GET", answered).status == 401, "no cookie"
    parts = parse_qs(urlsplit(answered).query)
    changed = "/sign-in/with/corp/done?" + urlencode({"state": parts["state"][0], "code": "made-up"})
    kept = dict(theirs.cookies)
    assert theirs.ask("GET", changed).status == 401
    theirs.cookies = dict(kept)
    assert theirs.ask("GET", answered).status == 200
    theirs.cookies = dict(kept)
    assert theirs.ask("GET", answered).status == 401, "a code is for once"


def test_who_says_no_at_the_provider_is_told_so(ws, client, provider):
    declare(ws, provider)
    browser = Browser(client)
    where = httpx2.post(browser.begin(), data={"action": "deny"}, follow_redirects=False).headers["location"]
    state = parse_qs(urlsplit(where).query).get("state")
    assert state is None or state
    answer = browser.ask("GET", where.removeprefix(ORIGIN))
    assert answer.status == 401
    assert browser.cookies == {}


def test_the_secret_is_nowhere(ws, client, provider, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.InvalidInput) as caught:
        declare(ws, provider, client_secret=SECRET)
    assert SECRET not in str(caught.value.as_dict())
    declare(ws, provider)
    person(provider, "hal")
    Browser(client).sign_in("hal")
    said = " ".join(str(each.data) for each in log_of(ws))
    assert SECRET not in said + caplog.text
    assert "env:CORP_SECRET" in said


def test_a_secret_that_is_not_there_and_a_provider_that_is_not_are_told(ws, client, provider, monkeypatch):
    declare(ws, provider, client_secret="env:NOT_THERE")
    person(provider, "ivy")
    assert "env:NOT_THERE" in Browser(client).ask("GET", "/sign-in/with/corp").text
    declare(ws, "http://127.0.0.1:9")
    answer = Browser(client).ask("GET", "/sign-in/with/corp")
    assert answer.status == 503
    assert Browser(client).ask("GET", "/sign-in/with/crop").status == 404


def test_nobody_is_sent_on_to_another_site(ws, client, provider):
    declare(ws, provider)
    person(provider, "jo")
    assert 'content="0;url=/"' in Browser(client).sign_in("jo", then="//evil.example").text
    for bad in ("https://evil.example", "/\\evil.example", "ui", "\\\\x", "javascript:alert(1)"):
        assert local_path(bad) == "/"
    assert local_path("/ui/events?x=1") == "/ui/events?x=1"


def test_a_command_line_is_let_in_by_whoever_is_signed_in(ws, client, provider):
    declare(ws, provider, new="viewer")
    person(provider, "kim")
    browser = Browser(client)
    browser.sign_in("kim")
    asked = client.ask("POST", "/v1/device", json={"machine": "laptop"}).json
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": asked["device_code"]}
    assert client.ask("POST", "/v1/token", json=form).json["error"] == "authorization_pending"
    page = browser.ask(
        "GET", urlsplit(asked["verification_uri_complete"])._replace(scheme="", netloc="").geturl()
    )
    assert "laptop" in page.text
    assert asked["user_code"] in page.text
    headers = {
        "origin": ORIGIN,
        "content-type": "application/x-www-form-urlencoded",
        "sec-fetch-site": "same-origin",
    }
    body = urlencode({"code": asked["user_code"], "do": "allow"}).encode()
    assert browser.ask("POST", "/ui/login/edit", body=body, headers=headers).status == 303
    got = client.ask("POST", "/v1/token", json=form).json
    assert authenticate(ws, got["access_token"]).name == "kim"
    assert client.ask("POST", "/v1/token", json=form).status == 400, "a token is given once"
    assert {each.origin for each in list_tokens(ws, principal="kim").items} == {"sign-in", "login"}
