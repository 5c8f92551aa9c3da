"""Hostile files of delimited text: any dialect, encoding and cut, and what a plain reader sees in them."""

from __future__ import annotations

import csv
import io
from random import Random
from typing import NamedTuple

ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932", "cp1252", "euc-jp")
DELIMITERS = ",;\t|"
LINE_ENDS = ("\n", "\n", "\r\n", "\r")
CELLS = (
    "", "", "NA", "0", "-0", "7", "-12", "007", "+5", "1.5", "1.50", "2.0", "-3.25", "1e5", "1E-5",
    "1e-05", "0.1", ".5", "5.", "1,5", "1_000", "nan", "NaN", "inf", "-inf", "Infinity", "true", "false",
    "True", "FALSE", "yes", "2024-02-29", "2024-02-30", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z",
    "2024-01-01T10:00:00+09:00", "2024-01-01 10:00:00.5", "2024-01-01 10:00:00.123456", "10:00",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "12345678901234567",
    "0.30000000000000004", "3.14159265358979323846", "1e400", "0x1f", '"', '""', 'a"b', '"a"', "a,b",
    "a;b", "a\tb", "a|b", "a\nb", "a\r\nb", "a\rb", " ", "  x ", "x", "=1+1", "-", "null", "名前", "é",
    "ü", "٣", "１", "\x00", "\x1f", "\u2028", "a" * 40, "None", "12:30:00", "1 000", "1'000",
)  # fmt: skip
KINDS = (
    ("1", "2", "30", "-4", "", "500"),
    ("1.5", "2.25", "-0.5", "", "10.0"),
    ("1", "2.5", "3", ""),
    ("1.50", "2.75", "10.00"),
    ("true", "false", ""),
    ("2024-01-01", "2024-12-31", ""),
    ("2024-01-01 10:00:00", "2024-01-01 11:00:00"),
    ("2024-01-01T10:00:00Z", "2024-06-01T10:00:00Z", ""),
    ("x", "y z", "", "NA"),
    ("1", "NA", "2"),
)


class HostileFile(NamedTuple):
    """The bytes of a file, and what is said of it."""

    content: bytes
    encoding: str
    delimiter: str
    quote: str


def hostile_file(random: Random) -> HostileFile:
    """Return a file: written well as a rule, with odd cells, damaged, or cut at any byte."""
    encoding, delimiter, end = random.choice(ENCODINGS), random.choice(DELIMITERS), random.choice(LINE_ENDS)
    quote = random.choice(('"', '"', '"', "'", ""))
    width, height = random.randint(1, 4), random.randint(0, 7)
    pools = [random.choice((CELLS, *KINDS, *KINDS)) for _ in range(width)]
    rows = [[f"c{number}" for number in range(width)]]
    rows += [
        [random.choice(CELLS if random.random() < 0.03 else pool) for pool in pools] for _ in range(height)
    ]
    text = "".join(_line(random, row, delimiter, quote) + end for row in rows)
    if random.random() < 0.3:
        text = _damaged(random, text, delimiter, end)
    content = text.encode(encoding, "replace")
    if random.random() < 0.3:
        content = content[: random.randint(0, len(content))]
    return HostileFile(content, encoding, delimiter, quote)


def plain_records(text: str, delimiter: str, quote: str) -> list[list[str]] | None:
    """Return the records that are no blank lines, as Python's ``csv`` reads them; None if it refuses."""
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    found, before = [], 0
    try:
        for record in reader:
            own, before = lines[before : reader.line_num], reader.line_num
            if len(record) > 1 or len(own) > 1 or own[0].strip(" \t\r\n"):
                found.append(record)
    except csv.Error:
        return None
    return found


def _line(random: Random, row: list[str], delimiter: str, quote: str) -> str:
    return delimiter.join(_field(random, cell, delimiter, quote) for cell in row)


def _field(random: Random, cell: str, delimiter: str, quote: str) -> str:
    odd = any(mark in cell for mark in (delimiter, "\n", "\r", quote or "\n"))
    if not quote or (random.random() < 0.02):
        return cell
    if odd or random.random() < 0.1:
        return quote + cell.replace(quote, quote * 2) + quote
    return cell


def _damaged(random: Random, text: str, delimiter: str, end: str) -> str:
    for _ in range(random.randint(1, 3)):
        place = random.randint(0, len(text))
        text = (
            text[:place] + random.choice(('"', "'", delimiter, end, "\r", "\n", " ", "", "x")) + text[place:]
        )
    return text
