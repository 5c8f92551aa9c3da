"""What a library says of rows that it could not read or compute, as it may be shown, logged and kept."""

from __future__ import annotations

import csv
import json
import re

MAX_LENGTH = 300
_HIDDEN = "…"
_TYPE = (
    r"u?int(?:eger)?\d*|[iuf]\d{1,3}|float\d*|double|decimal(?:[\[(][\w, ]*[\])])?|numeric|str|string|utf8"
    r"|text|varchar|object|bool(?:ean)?|date|time|(?:datetime|timestamp)(?:\[[^\]'\"`]*\])?"
    r"|duration(?:\[\w*\])?|enum|cat(?:egorical)?|null|bytes|binary|bigint|smallint|list\[\w+\]"
    r"|array|struct|dict|json|list|tuple|set|nonetype"
)
_NAMED = (
    "columns?|fields?|tables?|relation|view|schema|database|user|role|host|server|server at|file|sheet"
    "|function|argument|option|extension|driver|module|package|module named|attribute|encoding|for key|index"
)
# Quotes round the name of a type, after the word of a thing that has a name, and round a place in a document.
_KEPT = re.compile(
    rf"(?i:(?<!\w)(?P<t>['\"`])(?:{_TYPE})(?P=t)(?!\w))"
    rf"|(?i:\b(?:{_NAMED})) (?P<n>['\"`])[^'\"`\n]{{1,120}}(?P=n)(?!\w)"
    r"|\bat `\$[^`\n]{0,120}`"
)
# To the last such quote: the value itself may hold some. One that is not closed goes to the end.
_QUOTED = re.compile(r"(?<!\w)(?P<q>['\"`]).*(?P=q)|(?<!\w)['\"`].*")
_SHOWN_VALUES = re.compile(r" for \d+ (?:out of \d+ values|value\(s\)): \[.*")
_AFTER_COLON = re.compile(
    r"(?i:(\b(?:values?|parse|string|entry|key|input|row|record|got \d+)):(?! (?:line|row|byte|char) \d) .*)"
    r"|(?:^|(?<=: ))(Invalid Input Error): .*"  # what a query of DuckDB says by itself
)
# Possessive: to try each shorter number took seconds for one of some thousand digits with a letter behind it.
_LONG = r"(?:\d{5,}+[\d.]*+|\d++\.\d++)(?:[eE][-+]?\d++)?+"
_NUMBER = re.compile(rf"(?P<said>\bvalue )[-+]?\d[\d.,eE+-]*|(?<![\w.-])[-+]?{_LONG}(?![\w.])")
_PLACE = re.compile(
    r"\b(?:line|row|bytes?|char|character|offset|position|column|number|port|#):? ?$|://[^\s/]*:$",
    re.IGNORECASE,
)


def reason(error: Exception) -> str:
    """Return the first line of an error, without the values of rows that it quotes.

    Libraries quote what they could not convert, and each does it in its own way: so what stands in quotes
    goes, unless it is the name of a type, of a column or of another thing; and so do long numbers, unless
    they count lines or bytes. Whoever may not see a personal column could else read it by conversions that
    fail, and what the log says can't be erased.

    Examples
    --------
    >>> reason(ValueError("conversion failed in column 'mail' for 1 out of 9 values: ['anna@example.org']"))
    "conversion failed in column 'mail'"
    >>> reason(ValueError("Could not convert 'anna' with type str: tried to convert to int64"))
    'Could not convert … with type str: tried to convert to int64'
    """
    line = str(error).strip().split("\n")[0]
    if isinstance(error, OSError) and error.errno and error.strerror:
        return line[:MAX_LENGTH]  # of a file, and of nothing in it
    if isinstance(error, csv.Error | json.JSONDecodeError | UnicodeError | NameError | ImportError):
        # Their words are fixed, and what they quote are signs of a format, or names in code.
        return line[:MAX_LENGTH]
    return without_values(line)[:MAX_LENGTH]


def without_values(line: str) -> str:
    """Return one line of a library's words without what it quotes; see `reason`."""
    line = _AFTER_COLON.sub(lambda found: found[1] or found[2], _SHOWN_VALUES.sub("", line))
    parts, end = [], 0
    for kept in _KEPT.finditer(line):
        parts += [_bare(line[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join([*parts, _bare(line[end:])])


def kind_and_reason(error: Exception) -> str:
    """Return the name of an error's class, and its `reason`."""
    says = reason(error)
    return f"{type(error).__name__}: {says}" if says else type(error).__name__


def _bare(text: str) -> str:
    text = _QUOTED.sub(_HIDDEN, text)
    return _NUMBER.sub(lambda found: _number(found, text), text)


def _number(found: re.Match[str], text: str) -> str:
    if found["said"]:
        return found["said"] + _HIDDEN
    before = text[max(0, found.start() - MAX_LENGTH) : found.start()]
    return found[0] if _PLACE.search(before) else _HIDDEN
