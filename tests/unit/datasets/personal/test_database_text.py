"""A person in the text of the database is masked whatever the text is, and JSON stays JSON."""

from __future__ import annotations

import json

import pytest

from meguru.artifacts.erasure import ErasureSubject
from meguru.artifacts.erasure.redaction import TextRedactor
from meguru.datasets.personal.database_text import _masked_value

ANNA = "anna@example.com"
BIG = 12345678901234567890123


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (json.dumps({"user_id": 7, "n": BIG}), {"user_id": "•••", "n": BIG}),
        (json.dumps([{"user_id": 7}, {"user_id": 8}]), [{"user_id": 8}]),
        (json.dumps(f"of {ANNA}"), "of •••"),
        (json.dumps({ANNA: 1}), {"•••": 1}),
    ],
)
def test_json_is_json_afterwards(value, left) -> None:
    words = TextRedactor(ErasureSubject({"user_id": ["7"], "email": [ANNA]}))
    assert json.loads(_masked_value(words, value)[0]) == left
    assert json.loads(_masked_value(words, value.encode())[0]) == left


def test_what_is_nobody_s_stays_as_it_is_written() -> None:
    words = TextRedactor(ErasureSubject({"email": [ANNA]}))
    for value in ('{ "n" : 1.0 }', f'{{"n": {BIG}}}', "", "[" * 100_000):
        assert _masked_value(words, value) == (value, 0)
    assert _masked_value(words, "[" * 100_000 + ANNA)[1] == 1
