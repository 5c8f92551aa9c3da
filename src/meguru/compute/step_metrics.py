"""`meguru.log`: a step tells its metrics while it runs.

A step's process has no database. It appends lines to a file in its own folder; the engine's side reads them
(`meguru.pipelines.metrics_ingest`).
"""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meguru.errors import InvalidInput
from meguru.tracking import active
from meguru.tracking.keys import check_points, number
from meguru.tracking.types import MetricPoint

FILE = "metrics.jsonl"
ENV = "MEGURU_STEP_METRICS"
MAX_BYTES = 32 << 20
"""What one attempt of a step may log; the rest is dropped, with one warning."""
MAX_LINE = 256 << 10
MAX_NAMES = 1000

logger = logging.getLogger("meguru.log")


class MetricLine(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `log`."""

    at: datetime
    steps: dict[str, int]
    values: dict[str, float | None]


class MetricWriter:
    """Appends to one file; safe for threads, and beside other processes that append to it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._steps: dict[str, int] = {}
        self._lock = threading.Lock()
        self._full = False

    def write(self, values: Mapping[str, float | None], step: int | None) -> None:
        """Append one line, whole."""
        with self._lock:
            steps = {key: self._steps.get(key, -1) + 1 if step is None else step for key in values}
            self._steps |= steps
            line = (
                msgspec.json.encode(MetricLine(at=datetime.now(UTC), steps=steps, values=dict(values)))
                + b"\n"
            )
            if len(line) > MAX_LINE:
                raise InvalidInput(
                    f"{len(values)} metrics are too many for one call",
                    why=f"a call takes at most {MAX_LINE} bytes",
                    hint="log fewer at a time",
                )
            # Opened each time, and written at once: forked processes of the step append to the same file.
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(handle).st_size + len(line) <= MAX_BYTES:
                    os.write(handle, line)
                elif not self._full:
                    self._full = True
                    logger.warning("this step logged %d MB of metrics; no more are kept", MAX_BYTES >> 20)
            finally:
                os.close(handle)


_current: ContextVar[MetricWriter | None] = ContextVar("writer", default=None)
_writers: dict[str, MetricWriter] = {}


@contextmanager
def writing_to(folder: Path, *, whole_process: bool = False) -> Iterator[None]:
    """Send what is logged in this block to a file in `folder`.

    With `whole_process` also what other threads of this process log, and the processes that it starts:
    only for a process that does one step.
    """
    file = folder.absolute() / FILE
    token = _current.set(_writers.setdefault(str(file), MetricWriter(file)))
    before = os.environ.get(ENV)
    if whole_process:
        os.environ[ENV] = str(file)
    try:
        yield
    finally:
        _current.reset(token)
        if whole_process:
            os.environ.pop(ENV) if before is None else os.environ.update({ENV: before})
        if token.old_value is Token.MISSING:
            _writers.pop(str(file), None)


def log(metrics: Mapping[str, float] | None = None, /, *, step: int | None = None, **more: float) -> None:
    """Log metric values to the run that is open here, or from a step of a pipeline, while it runs.

    In the block of `meguru.run` they go to the innermost run; without a block, to the run that was begun
    last. In a step they become points of a tracked run that belongs to the pipeline run: a curve on its page,
    and a value that a sweep can look for. Where neither is, nothing is kept, so that a step can be called
    like any function: the logger ``meguru.log`` warns of it, once. Safe to call from threads, and from
    processes that a step starts or that are forked.

    Parameters
    ----------
    metrics
        Values by name; for names that are no Python words, such as ``val/auc``.
    step
        Where the values are on the curve; default: each metric's own next number, from 0.
    more
        Values by name. A value that is no finite number is kept as a gap.

    Raises
    ------
    InvalidInput
        If a name can't name a metric, or a value is no number.

    Examples
    --------
    >>> log(auc=0.84, step=3)
    >>> log({"val/auc": 0.83})
    """
    given = {**(metrics or {}), **more}
    run, why = active.enclosing(), ""
    writer = None if run is not None else _current.get() or _inherited()
    if run is None and writer is None:
        run, why = active.innermost()
    if run is not None:
        run.log(given, step)
        return
    values = {key: number(key, value) for key, value in given.items()}
    check_points([MetricPoint(key=key, value=value, step=step or 0) for key, value in values.items()])
    if values and writer is not None:
        writer.write(values, step)
    elif values:
        _warn_once(why)
        logger.info("%s%s", values, "" if step is None else f" at step {step}")


def is_in_step() -> bool:
    """Tell whether this is a step of a pipeline, or a process that works for one or for a tracked script."""
    return _current.get() is not None or ENV in os.environ


_warned: set[str] = set()


def _warn_once(why: str) -> None:
    if why not in _warned:
        _warned.add(why)
        where = traceback.extract_stack(limit=3)[0]
        logger.warning(
            "meguru.log keeps nothing at %s:%s: %s; begin a run first: with meguru.run(…)",
            where.filename,
            where.lineno,
            why,
        )


def _inherited() -> MetricWriter | None:
    file = os.environ.get(ENV)
    return _writers.setdefault(file, MetricWriter(Path(file))) if file else None
