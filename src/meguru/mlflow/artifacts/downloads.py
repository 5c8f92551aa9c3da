"""A file as it is sent to a client: always an attachment, of the type that its name tells."""

from __future__ import annotations

import re
import unicodedata
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import quote

from starlette.responses import Response

from meguru.api.transfers import FileInPieces

_TEXTS = frozenset(
    (
        *(
            "txt",
            "log",
            "err",
            "cfg",
            "conf",
            "cnf",
            "cf",
            "ini",
            "properties",
            "prop",
            "hocon",
            "toml",
            "yaml",
        ),
        *(
            "yml",
            "xml",
            "json",
            "js",
            "py",
            "py3",
            "csv",
            "tsv",
            "md",
            "rst",
            "ipynb",
            "MLmodel",
            "mlproject",
        ),
    )
)
SMALL = 256 * 1024
"""Files up to so many bytes are answered at once, larger ones piece by piece."""
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)


def sent(local: Path, path: str, *, in_parts: bool = False) -> Response:
    """Return a stored file as the answer to a download of `path`.

    It is never shown in place: a page that somebody logged must not run in this server's name.
    """
    name = path.rpartition("/")[2]
    headers = {"Content-Disposition": _attachment(name), "X-Content-Type-Options": "nosniff"}
    stat = local.stat()
    is_small = not in_parts and stat.st_size <= SMALL
    answer = (
        Response(local.read_bytes(), headers=headers)
        if is_small
        else FileInPieces(local, headers=headers, stat_result=stat)
    )
    # Not as an argument: the type of a text would get a charset, which nobody knows.
    answer.headers["Content-Type"] = kind_of(name)
    return answer


def kind_of(name: str) -> str:
    """Return the media type of a file by its name."""
    extension = name.rpartition(".")[2]
    if extension in _TEXTS:
        return "text/plain"
    return guess_type(name)[0] or "application/octet-stream"


def _attachment(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[\x00-\x1f\x7f]", "_", plain) or "download"
    shown = plain if _TOKEN.fullmatch(plain) else '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
    if plain == name:
        return f"attachment; filename={shown}"
    return f"attachment; filename={shown}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"
