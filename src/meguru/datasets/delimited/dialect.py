"""How a file of delimited text is written: said, or found from its beginning."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path

from meguru.datasets.delimited.packed import unpacked
from meguru.datasets.types import Dialect, ReadOptions
from meguru.errors import InvalidInput, UsageError

HEAD = 1 << 18
"""So many bytes of a file are looked at to find its delimiter."""
DELIMITERS = ",;\t|"
RECORDS = 200
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TABS = re.compile(r"\.(?:tsv|tab)(?:\.(?:gz|bz2|zst))?$")
CANDIDATES = ("cp932", "euc-jp", "cp1252")
"""What is offered for bytes that are not UTF-8: they can't be told apart for certain, so none is taken."""


def dialect_of(path: Path, name: str, said: ReadOptions) -> Dialect:
    """Return how a file is written; what is said holds, the rest is found.

    Raises
    ------
    InvalidInput
        If its bytes are not of its encoding, or no delimiter fits its first records.
    UsageError
        If what is said makes no sense.
    """
    _check(said)
    head = _head(path)
    encoding = said.encoding or _encoding(head, name)
    text = _decoded(head, encoding, name)
    quote = '"' if said.quote is None else said.quote
    return Dialect(
        delimiter=said.delimiter or _delimiter(text, quote, name),
        encoding=_plain_name(encoding),
        quote=quote,
        decimal=said.decimal or ".",
        line_end="\r" if "\r" in text and "\n" not in text else "\n",
        nulls=list(said.nulls or []),
    )


def _check(said: ReadOptions) -> None:
    for field, given in (("delimiter", said.delimiter), ("quote", said.quote or None)):
        if given is not None and (len(given) != 1 or not given.isascii()):
            raise UsageError(f"a {field} is one ASCII character, not {given!r}", field=f"read.{field}")
    if said.delimiter and said.delimiter == said.quote:
        raise UsageError("delimiter and quote are the same", field="read.quote")
    if said.delimiter in {"\n", "\r"}:
        raise UsageError("a line break separates rows, not fields", field="read.delimiter")
    if said.encoding is not None:
        _plain_name(said.encoding)


def _plain_name(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)  # what is no encoding of text is refused here, as base64
    except (LookupError, ValueError) as error:
        hint = "names are those of Python, as utf-8, cp932, euc-jp, utf-16, cp1252"
        what = f"there is no encoding {encoding[:40]!r}"
        raise UsageError(what, hint=hint, field="read.encoding") from error
    return found.name


def _head(path: Path) -> bytes:
    try:
        with unpacked(path) as file:
            return file.read(HEAD)
    except OSError:
        return b""  # who reads it whole says what is wrong with it


def _encoding(head: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        raise not_of("utf-8", name, head, error.start) from error
    return "utf-8"


def not_of(encoding: str, name: str, data: bytes, at: int, before: int = 0) -> InvalidInput:
    """Return the error for bytes that are not of an encoding, with what others make of them.

    `data` are those around place `at`; so many bytes of the file stand `before` them.
    """
    line_from, line_to = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    line = data[line_from : line_to if line_to >= 0 else at + 40]
    seen = []
    for candidate in CANDIDATES:
        try:
            seen.append(f"--encoding {candidate} reads {line.decode(candidate).strip()[:40]!r}")
        except UnicodeDecodeError:
            continue
    if b"\0" in data[:100]:
        seen.append("it may be UTF-16 without a mark: --encoding utf-16-le")
    return InvalidInput(
        f"{name!r} is not {encoding}",
        where=name,
        why=f"byte {before + at} begins no character of {encoding}",
        hint="; ".join(seen) or "say which it is: --encoding (in Python encoding=…)",
        field="read.encoding",
    )


def _decoded(head: bytes, encoding: str, name: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(head).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise not_of(encoding, name, head, error.start) from error


def _delimiter(text: str, quote: str, name: str) -> str:
    """Return the delimiter that gives each of the first records the same fields, two or more.

    One column needs none. A name that ends in ``.tsv`` says it.
    """
    if _TABS.search(name.lower()):
        return "\t"
    widths = {each: _widths(text, each, quote) for each in DELIMITERS}
    # In the order of `DELIMITERS`: of two that are steady the more usual one wins.
    steady = [each for each, found in widths.items() if len(set(found)) == 1 and found[0] > 1]
    if steady:
        return steady[0]
    # None is steady: of a damaged file, the comma's damage is told as it always was.
    ragged = {each: found[0] for each, found in widths.items() if found and found[0] > 1}
    return max(ragged, key=lambda each: (ragged[each], each == ","), default=",")


def _widths(text: str, delimiter: str, quote: str) -> list[int]:
    whole = text if len(text) < HEAD // 4 else text[: text.rfind("\n") + 1]
    reader = csv.reader(
        io.StringIO(whole, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    found = []
    try:
        for record in reader:
            if record and any(map(str.strip, record)):
                found.append(len(record))
            if len(found) >= RECORDS:
                break
    except csv.Error:
        return found
    return found
