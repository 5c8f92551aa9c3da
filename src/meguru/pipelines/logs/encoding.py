"""How lines are written into chunks and blobs: ``2026-01-31T12:00:00.000000Z out text``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meguru.base.timestamps import read_time, write_time
from meguru.compute.logs.lines import TimedLine
from meguru.compute.logs.records import moment
from meguru.pipelines.logs.types import Log, LogLine

START = "#meguru log 1\n"
_TIME = 27
"""Characters of a time: all have microseconds, so that lines are compared as text."""


def write(lines: Iterable[TimedLine]) -> str:
    """Write lines as text."""
    found, second, prefix = [], -1, ""
    for at, stream, text in lines:
        if at // 1_000_000 != second:
            second = at // 1_000_000
            prefix = write_time(moment(at))[:20]  # many lines share it
        found.append(f"{prefix}{at % 1_000_000:06d}Z {stream} {text}\n")
    return "".join(found)


def read(text: str, log: Log, after: str = "", *, last: int = 0) -> Iterator[LogLine]:
    """Yield the lines that `write` wrote: those later than `after`, of the `last` so many if it is given."""
    text = text.removeprefix(START)
    for line in text.rsplit("\n", last + 1)[-last - 1 :] if last else text.split("\n"):
        at = line[:_TIME]
        if len(line) > _TIME and at > after:
            stream, _, words = line[_TIME + 1 :].partition(" ")
            yield LogLine(
                at=read_time(at), run=log.run, step=log.step, attempt=log.attempt, stream=stream, text=words
            )
