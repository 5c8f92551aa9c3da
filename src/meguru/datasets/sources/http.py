"""A file behind HTTP: conditional requests, resumed with ranges, in bounded memory and size."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.addresses import Hop, first_hop, next_hop
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, TooLarge, Unreachable, UsageError, masked

if TYPE_CHECKING:
    import httpx2

MAX_ATTEMPTS = 5
MAX_REDIRECTS = 5
RETRYABLE = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which the same request may work."""
MAX_BACKOFF = 30.0
_SETTLED = timedelta(seconds=2)
_NAME = re.compile(r'filename="?([^";]+)"?')


class _Cut(Exception):
    """An answer that ended early, or asks to come again; `pause` is how long to wait."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class HttpFile:
    """Reads a file as it comes, in bounded memory and size.

    It is asked for with the ETag (or the date) that it had: an answer that it is the same ends the read. A
    body that is cut is brought on with a range, if it is still the same file; else it begins anew.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        if spec.query or spec.watermark:
            raise UsageError("a query and a watermark are of a database, not of a file", field="query")
        self._spec, self._context = spec, context
        self._mark = self._name = ""
        self._resumable = False
        self._open = ExitStack()
        self._clients: dict[bool, httpx2.Client] = {}

    def check(self) -> None:
        """Refuse an address without a host."""
        if not urlsplit(self._spec.address).hostname:
            raise UsageError("an address has a host", hint="https://HOST/FILE.csv", field="source.from")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Bring the file; a response that ends early is refused."""
        del key
        with self._open:
            return self._read(since, sink)

    def _read(self, since: SourcePosition | None, sink: SourceSink) -> SourceRead:
        place = sink.scratch() / "file"
        place.touch()
        why = ""
        for number in range(MAX_ATTEMPTS):
            sink.proceed()
            try:
                if not self._attempt(place, since, sink):
                    return SourceRead(position=since, whole=True)
                break
            except _Cut as cut:
                why = str(cut)
                # What the server asks for (Retry-After), else 0.2, 0.4, 0.8 … seconds; bounded.
                time.sleep(min(MAX_BACKOFF, self._spec.seconds, cut.pause or 0.2 * 2**number))
        else:
            raise Unreachable(f"{masked(self._spec.address)} can't be read", why=why)
        sink.file(self._name, place)
        mark = SourcePosition(source=self._spec.identity, mark=self._mark) if self._mark else None
        return SourceRead(position=mark, whole=True)

    def _attempt(self, place: Path, since: SourcePosition | None, sink: SourceSink) -> bool:
        """Ask once, from where the file is by now; False if it is the same as at a position."""
        done = place.stat().st_size if self._resumable else 0
        headers = {"accept-encoding": "identity"}
        if done:
            # If-Range: a file that changed meanwhile comes whole (200), not as the rest of another one (RFC
            # 9110, 13.1.5).
            headers |= {"range": f"bytes={done}-", "if-range": self._mark.partition(" ")[2]}
        elif since is not None and since.mark:
            kind, _, value = since.mark.partition(" ")
            headers["if-none-match" if kind == "etag" else "if-modified-since"] = value
        with self._asked(headers) as response:
            if response.status_code == 304 and since is not None:
                return False
            if response.status_code == 416:
                self._resumable = False
                raise _Cut("it has become shorter")
            done = self._begun(response, done)
            self._write(response, place, done, sink)
        return True

    def _begun(self, response: httpx2.Response, done: int) -> int:
        """Take what an answer says of the file; return how much of what is there it goes on from."""
        code, headers = response.status_code, response.headers
        if code in RETRYABLE:
            asked = headers.get("retry-after", "")
            raise _Cut(f"it answered {code}", float(asked) if asked.isdecimal() else 0.0)
        if code not in {200, 206}:
            raise self._refused(f"it answered {code}")
        if code == 206 and not headers.get("content-range", "").startswith(f"bytes {done}-"):
            raise self._refused("it answered with another part than was asked for")
        if code == 206:
            return done
        etag, date = headers.get("etag", ""), _settled(headers)
        self._mark = f"etag {etag}" if etag else f"date {date}" if date else ""
        strong = bool(self._mark) and not etag.startswith("W/")
        # A weak ETag tells that two files mean the same, not that they are the same bytes.
        self._resumable = strong and headers.get("accept-ranges", "") == "bytes"
        self._name = _name(self._spec.address, headers.get("content-disposition", ""))
        return 0

    def _write(self, response: httpx2.Response, place: Path, done: int, sink: SourceSink) -> None:
        import httpx2

        most = self._spec.max_bytes
        # The announced size ends it early; the bytes that come are counted too, since it may be wrong or
        # missing.
        if done + int(response.headers.get("content-length") or 0) > most:
            raise self._too_large(most)
        try:
            with place.open("r+b") as file:
                file.truncate(done)
                file.seek(done)
                for chunk in response.iter_bytes():
                    done += len(chunk)
                    if done > most:
                        raise self._too_large(most)
                    file.write(chunk)
                    sink.progress(done, self._name)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _Cut(f"it broke off after {done:,} bytes: {error}") from error

    @contextmanager
    def _asked(self, headers: dict[str, str]) -> Iterator[httpx2.Response]:
        """Ask, and follow where it leads: to HTTP alone, and never from a public address to a private one."""
        import httpx2

        url = self._context.secrets.open_url(self._spec.address, "source.from")
        hop = first_hop(url, self._context.hosts)
        for _ in range(MAX_REDIRECTS):
            client = self._client(trusting=hop.pinned is None)
            try:
                response = client.send(_request(client, hop, headers), stream=True)
            except httpx2.TransportError as error:
                raise _Cut(self._context.secrets.hide(str(error)) or type(error).__name__) from error
            try:
                if not response.has_redirect_location:
                    yield response
                    return
                hop = next_hop(hop, urljoin(hop.url, response.headers["location"]), self._context.hosts)
            finally:
                response.close()
        raise self._refused(f"it leads on and on, more than {MAX_REDIRECTS} times")

    def _client(self, *, trusting: bool) -> httpx2.Client:
        """Return what asks; proxies are those of the environment, but where an address was looked at."""
        import httpx2

        if trusting not in self._clients:
            made = httpx2.Client(timeout=self._spec.seconds, trust_env=trusting)
            self._clients[trusting] = self._open.enter_context(made)
        return self._clients[trusting]

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(f"{masked(self._spec.address)} can't be read", why=why, field="files")

    def _too_large(self, most: int) -> TooLarge:
        return TooLarge(
            f"{masked(self._spec.address)} is too large", why=f"more than {most:,} bytes (max_bytes)"
        )


def _settled(headers: httpx2.Headers) -> str:
    """Return the moment of the last change, if a change since would have another: it is told in seconds."""
    try:
        changed, answered = (parsedate_to_datetime(headers[name]) for name in ("last-modified", "date"))
    except (KeyError, ValueError):
        return ""
    return headers["last-modified"] if answered - changed >= _SETTLED else ""


def _request(client: httpx2.Client, hop: Hop, headers: dict[str, str]) -> httpx2.Request:
    if hop.pinned is None:
        return client.build_request("GET", hop.url, headers=headers)
    parts = urlsplit(hop.url)
    user, sign, host = parts.netloc.rpartition("@")
    # Asked at the address that was looked at: looked up again, the name may lead elsewhere (DNS rebinding).
    address = f"[{hop.pinned}]" if ":" in hop.pinned else hop.pinned
    place = f"{user}{sign}{address}" + (f":{parts.port}" if parts.port else "")
    return client.build_request(
        "GET",
        parts._replace(netloc=place).geturl(),
        headers=headers | {"host": host},
        extensions={"sni_hostname": parts.hostname or ""},
    )


def _name(address: str, said: str) -> str:
    found = _NAME.search(said)
    name = found[1] if found else unquote(urlsplit(address).path.rpartition("/")[2])
    return Path(name.replace("\\", "/")).name or "data"
