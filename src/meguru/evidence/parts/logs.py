"""What the steps of its run printed: the last lines of each, without what looks like somebody's data."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from meguru.base import digests
from meguru.evidence.parts.source import TEXT, GatheredPart, PackSource, stated
from meguru.evidence.types import PackContent
from meguru.pipelines.logs import store
from meguru.pipelines.logs.encoding import START
from meguru.pipelines.logs.read import text_of

LAST_LINES, MAX_BYTES = 500, 256 << 10
MAX_TAILS = 500
"""Of more logs (a step over thousands of items) only digests are stated: a pack has 1,000 parts at most."""
_MAX_STATED = 100_000
_HIDDEN = "•••"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z ")
_PERSONAL = re.compile(
    r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"  # e-mail addresses
    r"|(?<![\d.:T-])\+?\d(?:[ -]?\d){9,18}(?![\d:])"  # telephone, card and identity numbers
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"  # addresses of machines
)


def gather(source: PackSource) -> GatheredPart:
    """Return the tails of the steps' logs, and a statement with the digests of the whole ones."""
    if source.run is None:
        return GatheredPart()
    files: dict[str, PackContent] = {}
    said = []
    all_logs = store.of_run(source.ctx.tx, source.run.id, limit=_MAX_STATED)
    for number, log in enumerate(store.newest(all_logs)):
        told: dict[str, Any] = {"step": log.step, "attempt": log.attempt, "lines": log.lines}
        told["log"] = {"sha256": log.blob or ""}
        said.append(told)
        if number >= MAX_TAILS:
            continue
        text = text_of(source.ctx, log).removeprefix(START)
        # As they were written: what else ends a line for Python (U+0085) stands within one.
        lines = text.removesuffix("\n").split("\n")[-LAST_LINES:]
        tail = ("\n".join(mask(line) for line in lines) + "\n").encode()[-MAX_BYTES:]
        told["tail"] = {"sha256": digests.of_bytes(tail)}
        path = path_of(log.step, log.attempt, files)
        files[path] = PackContent(path=path, media_type=TEXT, data=tail)
    statements = [stated("logs", [source.about_model], {"logs": said})] if said else []
    return GatheredPart(files=list(files.values()), statements=statements)


def path_of(step: str, attempt: int, taken: Container[str]) -> str:
    """Return the path of a step's log in a pack, which no other has."""
    path = f"parts/logs/{re.sub('[^A-Za-z0-9_.-]', '_', step)}-{attempt}.log"
    # Paths are ASCII, names of steps are not: of 学習 and 評価 only underscores are left, and a pack that
    # lists a path twice is refused.
    return path if path not in taken else f"{path.removesuffix('.log')}-{digests.of_value(step)[:12]}.log"


def mask(line: str) -> str:
    """Return a line without what looks like an address, a telephone number or a number of a person."""
    at = _MOMENT.match(line)
    start = at.end() if at else 0
    return line[:start] + _PERSONAL.sub(_HIDDEN, line[start:])
