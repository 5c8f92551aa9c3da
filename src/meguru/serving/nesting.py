"""Find where a body is nested too deeply for any decoder, to name it in the error."""

from __future__ import annotations

import json
import re

MAX_DEPTH = 50
"""No value of a request is nested so deeply; decoders give up at some hundreds."""
MAX_SCANNED_CHARACTERS = 1024 * 1024
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|[\[\]{},]')
_STEPS = {"row": 2, "dataframe_split": 4}
"""So many steps lead to a value in a form; in the other forms it is three."""


def deep_value(text: str) -> str:
    """Return the path of the first value that is nested too deeply; empty if it is not near the beginning."""
    steps: list[str | int] = []
    for token in _TOKEN.finditer(text, 0, MAX_SCANNED_CHARACTERS):
        mark = token[0][0]
        if mark in "{[":
            steps.append("" if mark == "{" else 0)
        elif mark in "]}":
            del steps[-1:]
        elif token[1] and steps:
            steps[-1] = json.loads(token[0].removesuffix(token[1]), strict=False)
        elif mark == "," and steps and isinstance(steps[-1], int):
            steps[-1] += 1
        if len(steps) > MAX_DEPTH:
            return _path(steps[: _STEPS.get(str(steps[0]), 3)])
    return ""


def _path(steps: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
