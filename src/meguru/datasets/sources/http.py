"""One file behind an HTTP address."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from meguru.datasets.sources.base import Fetched, Progress
from meguru.errors import InvalidInput, UsageError, masked

SECONDS = 60.0
_NAME = re.compile(r'filename="?([^";]+)"?')


class HttpFile:
    """Reads a file as it comes, in bounded memory; redirects are followed, to HTTP alone."""

    def __init__(self, address: str, query: str = "") -> None:
        if query:
            raise UsageError("a query is asked of a database, not of a file", field="query")
        self.address = address

    def fetch(self, folder: Path, progress: Progress) -> list[Fetched]:
        """Bring the file; a response that ends early is refused."""
        import httpx2

        try:
            with httpx2.stream("GET", self.address, follow_redirects=True, timeout=SECONDS) as response:
                if response.status_code != 200:
                    raise self._refused(f"it answered {response.status_code}")
                name = _name(self.address, response.headers.get("content-disposition", ""))
                place, done = folder / Path(name).name, 0
                with place.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                        done += len(chunk)
                        progress(done, name)
        except (httpx2.TransportError, httpx2.TooManyRedirects) as error:
            raise self._refused(str(error)) from error
        return [Fetched(path=name, file=place)]

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(f"{masked(self.address)} can't be read", why=why, field="files")


def _name(address: str, said: str) -> str:
    found = _NAME.search(said)
    name = found[1] if found else unquote(urlsplit(address).path.rpartition("/")[2])
    return Path(name.replace("\\", "/")).name or "data"
