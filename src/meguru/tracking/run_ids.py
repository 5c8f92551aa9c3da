"""A run's two names are one number: ours is ``run-`` and 26 letters of base 32, MLflow's is 32 hex digits."""

from __future__ import annotations

import re

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""The digits of base 32, in order."""
_DIGITS = {letter: number for number, letter in enumerate(ALPHABET)}
_HEX = re.compile(r"[0-9a-f]{32}")
OURS = re.compile(rf"run-[0-7][{ALPHABET}]{{25}}")
"""The ids of our make."""


def to_hex(run: str) -> str:
    """Return the MLflow id of a run; an id that is not of our make stays as it is."""
    if not OURS.fullmatch(run):
        return run
    value = 0
    for letter in run[4:]:
        value = value << 5 | _DIGITS[letter]
    return f"{value:032x}"


def from_hex(text: str) -> str:
    """Return the run's id for its MLflow id; any other text stays as it is."""
    if not _HEX.fullmatch(text):
        return text
    value = int(text, 16)
    letters = [ALPHABET[value >> shift & 31] for shift in range(125, -1, -5)]
    return "run-" + "".join(letters)
