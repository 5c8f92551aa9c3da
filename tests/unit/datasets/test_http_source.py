"""A file behind HTTP: cut, slow to be ready, moved, too large, or where nobody should lead a server."""

from __future__ import annotations

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from meguru.base.source_secrets import Secrets
from meguru.datasets.sources import source_of
from meguru.datasets.sources.addresses import Hop
from meguru.datasets.sources.base import SourceContext
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.http import _request
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, MeguruError, TooLarge, Unreachable
from meguru.storage.db.external import anywhere

BODY = b"id,v\n" + b"1,2\n" * 5000


class Site(BaseHTTPRequestHandler):
    """Answers as the path says, and counts what it was asked."""

    protocol_version = "HTTP/1.1"

    def __init__(self, asked, *rest):
        self.asked = asked
        super().__init__(*rest)

    def log_message(self, *args):
        pass

    def say(self, code, body=b"", length=None, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        what = self.path.split("/")[1]
        self.asked.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
        known = {"etag": '"one"', "accept_ranges": "bytes"}
        if what == "cut":
            self.cut(known)
        elif what == "later":
            self.say(*((503, b"") if len(self.asked) < 3 else (200, BODY)))
        elif what == "same" and self.headers["if-none-match"] == '"one"':
            self.say(304)
        elif what == "same":
            self.say(200, BODY, **known)
        elif what == "to":
            self.say(302, location=self.path.removeprefix("/to/"))
        elif what == "round":
            self.say(302, location="/round/x.csv")
        elif what == "plain":
            self.say(200, BODY)
        else:
            self.say(404)

    def cut(self, known):
        """Give a third at a time; of another state of the file at the second time, if it says so."""
        begin = int((self.headers["range"] or "bytes=0-").removeprefix("bytes=").split("-")[0])
        code = 206 if begin else 200
        if "changed" in self.path and len(self.asked) > 1:
            known, begin, code = known | {"etag": '"two"'}, 0, 200
        if code == 206:
            known = known | {"content_range": f"bytes {begin}-{len(BODY) - 1}/{len(BODY)}"}
        whole = "changed" in self.path and len(self.asked) > 1
        given = BODY[begin:] if whole else BODY[begin : begin + len(BODY) // 3 + 1]
        self.close_connection = True
        self.say(code, given, len(BODY) - begin, **known)


@pytest.fixture(scope="module")
def asked():
    return []


@pytest.fixture(scope="module")
def site(asked):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, asked)) as server:
        threading.Thread(target=partial(server.serve_forever, 0.02), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def read(site, asked, tmp_path, monkeypatch):
    monkeypatch.setattr("meguru.datasets.sources.http.MAX_BACKOFF", 0.01)
    asked.clear()

    def go(address, since=None, *, hosts=("*",), **said):
        (folder := tmp_path / str(len(list(tmp_path.iterdir())))).mkdir()
        sink = FileSink(folder)
        context = SourceContext(
            secrets=Secrets(own=True), blob=lambda _: b"", put=lambda _: "", place=anywhere, hosts=list(hosts)
        )
        spec = SourceSpec(address=site + address if address.startswith("/") else address, **said)
        found = source_of(spec, context).read(since, sink, [])
        return found, {path: file.read_bytes() for path, file in sink.close().items()}

    return go


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://anna%40host.example:pw@host.example/x", "http://anna%40host.example:pw@192.0.2.1/x"),
        ("http://host.example:81/x", "http://192.0.2.1:81/x"),
    ],
)
def test_a_name_is_asked_at_the_address_that_was_looked_at_and_who_asks_stays(url, asked):
    with httpx2.Client() as client:
        request = _request(client, Hop(url, "192.0.2.1", public=True), {})
    assert str(request.url) == asked
    assert request.headers["host"] == url.rpartition("@")[2].removeprefix("http://").partition("/")[0]


def test_a_port_that_is_none_is_refused(read):
    with pytest.raises(InvalidInput, match="an address can't be read"):
        read("http://127.0.0.1:99999/x.csv")


def test_a_body_that_is_cut_is_brought_on_with_a_range(read, asked):
    _, files = read("/cut/orders.csv")
    assert files == {"orders.csv": BODY}
    assert [each.get("range") for each in asked] == [None, f"bytes={len(BODY) // 3 + 1}-", asked[2]["range"]]
    assert {each.get("if-range") for each in asked[1:]} == {'"one"'}


def test_a_file_that_changed_between_two_parts_begins_anew(read):
    assert read("/cut/changed.csv")[1] == {"changed.csv": BODY}


def test_a_server_that_is_not_ready_is_asked_again_and_a_file_that_is_the_same_is_not_fetched(read, asked):
    assert read("/later/a.csv")[1] == {"a.csv": BODY}
    assert len(asked) == 3
    found, _ = read("/same/a.csv")
    again, files = read("/same/a.csv", found.position)
    assert (again.position, files) == (found.position, {})


@pytest.mark.parametrize(
    ("address", "kind", "why"),
    [
        ("/none/a.csv", InvalidInput, "it answered 404"),
        ("/round/a.csv", InvalidInput, "more than 5 times"),
        ("/to/file:///etc/passwd", InvalidInput, "to file:///etc/passwd"),
        ("http://127.0.0.1:1/a.csv", Unreachable, ""),
    ],
)
def test_what_can_not_be_read_is_refused(read, address, kind, why):
    with pytest.raises(kind) as caught:
        read(address)
    assert why in caught.value.why


def test_a_file_that_is_too_large_is_refused_before_and_while_it_comes(read):
    for most in (len(BODY) - 1, 10):
        with pytest.raises(TooLarge):
            read("/plain/a.csv", max_bytes=most)
    assert read("/plain/a.csv", max_bytes=len(BODY))[1] == {"a.csv": BODY}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "0.0.0.0"]
)
def test_what_is_declared_leads_a_server_to_public_addresses_alone(read, asked, host):
    with pytest.raises(MeguruError) as caught:
        read(f"http://{host}:80/a.csv", hosts=())
    assert "not public" in caught.value.what
    assert asked == []


def test_a_private_host_can_be_allowed_by_its_name_and_redirects_to_others_stay_refused(read, site):
    assert read("/plain/a.csv", hosts=("127.0.0.1",))[1] == {"a.csv": BODY}
    with pytest.raises(InvalidInput, match="not public"):
        read(f"/to/{site.replace('127.0.0.1', 'localhost')}/plain/a.csv", hosts=("127.0.0.1",))


def test_a_public_address_never_leads_to_a_private_one(read, site, monkeypatch):
    place = "meguru.datasets.sources.addresses.is_public"
    monkeypatch.setattr(place, lambda address: str(address) != "10.0.0.1")
    with pytest.raises(InvalidInput, match="not public"):
        read("/to/http://10.0.0.1/a.csv")
