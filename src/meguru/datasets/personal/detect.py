"""Columns that look like personal data: by their values, or by their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

_DIGITS = 12
_DATE_DIGITS = 8
MIN_SHARE = 0.7
"""So much of a column's values look alike before it is told."""
_EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_PHONE = r"^(?:\+\d{1,3}[ -]?)?(?:\(\d{1,5}\)[ -]?)?\d{1,5}(?:[ -]\d{1,4}){1,3}$"
_BARE_PHONE = r"^(?:\+\d{8,15}|0\d{9,10})$"
_IPV4 = r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$"
_IPV6 = r"^(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}$"
_CARD = r"^\d(?:[ -]?\d){12,18}$"
_MY_NUMBER = r"^\d{4}[ -]?\d{4}[ -]?\d{4}$"
_ADDRESS = (
    r"(?:[都道府県].*[市区町村郡]|〒?\d{3}-\d{4}|^\d+ .*(?:Street|St\.|Avenue|Ave\.|Road|Rd\.|Lane|Drive)\b)"
)
_NAMES = {
    "e-mail address": r"e_?mail|メール",
    "telephone number": r"phone|^tel|_tel$|mobile|電話|携帯",
    "name of a person": r"^(?:first|last|full|given|family|sur|middle)_?name$|氏名|名前|^姓$|^名$|フリガナ",
    "date of birth": r"birth|^dob$|生年月日|誕生日",
    "postal address": r"address(?!.*ip)|street|zip_?code|post(?:al)?_?code|住所|郵便番号",
    "My Number": r"my_?number|マイナンバー|個人番号",
    "national identity number": r"^ssn$|social_?security|passport|driver_?licen[cs]e",
    "card number": r"card_?(?:number|no)|credit_?card|^pan$",
    "IP address": r"^ip$|ip_?addr|_ip$|^ip_",
}


class PersonalFinding(NamedTuple):
    """What a column looks like, and whether its values tell it (else its name does)."""

    column: str
    kind: str
    by_value: bool


def detect(frame: pl.DataFrame) -> list[PersonalFinding]:
    """Return the columns of some rows that look like personal data, by the strongest sign of each."""
    found = []
    for column in frame:
        kind = _by_value(column)
        named = next((each for each, name in _NAMES.items() if re.search(name, column.name.lower())), "")
        if kind or named:
            found.append(PersonalFinding(column.name, kind or named, bool(kind)))
    return found


def _by_value(values: pl.Series) -> str:
    if not (values.dtype == pl.String or values.dtype.is_integer()):
        return ""
    # Distinct values: one address that is repeated is no column of addresses.
    text = values.drop_nulls().unique().cast(pl.String)
    text = text.filter(text != "")
    if not text.len():
        return ""
    for kind, fits in _SIGNS:
        if (fits(text).sum() or 0) >= MIN_SHARE * text.len():
            return kind
    return ""


def luhn(number: str) -> bool:
    """Tell whether the last digit of a card number fits the others.

    Examples
    --------
    >>> luhn("4539 1488 0343 6467"), luhn("4539 1488 0343 6468")
    (True, False)
    """
    digits = [int(each) for each in number if each.isdecimal()][::-1]
    return (sum(digits[0::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0


def my_number(number: str) -> bool:
    """Tell whether the last digit of a Japanese My Number (12 digits) fits the others.

    Notes
    -----
    The digits before the last one, counted from the right, weigh 2 to 7, then 2 to 6; the last one is 11 less
    the remainder of their sum by 11, and 0 if that is over 9.

    Examples
    --------
    >>> my_number("123456789018"), my_number("123456789012")
    (True, False)
    """
    digits = [int(each) for each in number if each.isdecimal()]
    if len(digits) != _DIGITS:
        return False
    rest = sum(p * (n % 6 + 1 if n > 6 else n + 1) for n, p in enumerate(digits[10::-1], 1)) % 11
    return digits[11] == (0 if rest <= 1 else 11 - rest)


def _checked(pattern: str, check: Callable[[str], bool]) -> Callable[[pl.Series], pl.Series]:
    def fits(text: pl.Series) -> pl.Series:
        return pl.Series([bool(re.match(pattern, each)) and check(each) for each in text], dtype=pl.Boolean)

    return fits


def _like(*patterns: str) -> Callable[[pl.Series], pl.Series]:
    return lambda text: text.str.contains("|".join(patterns))


def _phone(text: pl.Series) -> pl.Series:
    # A date has eight digits.
    return text.str.contains(f"{_PHONE}|{_BARE_PHONE}") & (text.str.count_matches(r"\d") > _DATE_DIGITS)


_SIGNS: tuple[tuple[str, Callable[[pl.Series], pl.Series]], ...] = (
    ("e-mail address", _like(_EMAIL)),
    ("My Number", _checked(_MY_NUMBER, my_number)),
    ("card number", _checked(_CARD, luhn)),
    ("IP address", _like(_IPV4, _IPV6)),
    ("telephone number", _phone),
    ("postal address", _like(_ADDRESS)),
)
