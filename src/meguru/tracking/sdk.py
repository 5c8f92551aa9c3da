"""Track a run from a script: ``with run("train", params={...}) as r: r.log(auc=0.84, step=3)``."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from meguru.base import digests, refs
from meguru.base.cache import cache_folder
from meguru.base.ids import new_id
from meguru.errors import Busy, InvalidInput, MeguruError, TimedOut
from meguru.tracking import alive, runs
from meguru.tracking.captured import Captured
from meguru.tracking.keys import check_keys, check_step, check_texts, number
from meguru.tracking.left import send_left
from meguru.tracking.pulse import Pulse, is_refusal
from meguru.tracking.sender import Place, Sender
from meguru.tracking.spool import Spool, Start
from meguru.tracking.types import EndState, Run

log = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0
FLUSH_POINTS = 5000
BEAT_SECONDS = 15.0
LEASE_SECONDS = 60.0
EXIT_SECONDS = 30.0
CAPTURE_SECONDS = 15.0
_MOST = 1000
_PLAIN = (float, int)


class ActiveRun:
    """A run under way; leaving the ``with`` block ends it, an exception makes it failed.

    What is logged is written to a file of this machine before the call returns, and sent in batches by a
    thread: after 5,000 points, after a second, and at the end. So it outlives this process, and a server that
    is away; what could not be sent is sent later, by this process or by another one, and each batch is kept
    once. The thread also tells that the process is alive; a run that is silent for a minute is interrupted.
    Safe to use from several threads.

    Parameters
    ----------
    open_place
        Opens the workspace when the block is entered.
    name
        What the run is called.
    experiment
        The experiment it belongs to; created if need be.
    params
        What it starts from; values are written as text.
    tags
        Labels; they can be set again later.
    used
        References of what it starts from, as in ``dataset/flights@3``.
    strict
        Whether what can't be kept raises; else it is told as a warning of the log, and the block goes on.
    spool
        The folder for what is not sent yet.
    place
        What the workspace is called there.
    surroundings
        Looks at what surrounds the run, quickly, and returns what looks at the rest, on another thread.
    """

    def __init__(
        self,
        open_place: Callable[[], Place],
        name: str = "",
        *,
        experiment: str = "default",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        used: list[str] | None = None,
        strict: bool = False,
        spool: Path | None = None,
        place: str = "",
        surroundings: Callable[[], Callable[[], Captured]] | None = None,
    ) -> None:
        self._open, self._strict, self._place = open_place, strict, place
        self._root, self._others = spool, spool
        self._surroundings = surroundings
        self._capturing: threading.Thread | None = None
        self._start: dict[str, Any] = {"experiment": experiment, "name": name, "used": used or []}
        self._start["lease"] = LEASE_SECONDS
        self._start |= {"params": _texts(params), "tags": _texts(tags)}
        self._steps: dict[str, int] = {}
        self._unsent = 0
        self._spool: Spool
        self._sender: Sender
        self._pulse: Pulse
        self.info: Run

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    @property
    def ref(self) -> str:
        """The run's reference, ``run/ID``."""
        return self.info.ref

    def log(
        self, metrics: Mapping[str, float] | None = None, /, *, step: int | None = None, **more: float
    ) -> None:
        """Log metric values at a step; without one, each metric's own next step."""
        given = more if metrics is None else {**metrics, **more}
        try:
            steps, values = self._steps, {}
            with self._spool.lock:
                for key, value in given.items():
                    plain = value if type(value) in _PLAIN else number(key, value)
                    if key not in steps:
                        check_keys("metric", (key,))
                        steps[key] = -1
                    at_step = steps[key] + 1 if step is None else check_step(step)
                    steps[key] = at_step
                    values[key] = (plain, at_step)
                self._append(values)
        except (MeguruError, OSError, OverflowError) as error:
            self._say(error)

    def param(self, **params: Any) -> None:
        """Write params; a param can't change once it is there."""
        self._texts("param", _texts(params))

    def tag(self, **tags: Any) -> None:
        """Write tags, over those of the same name."""
        self._texts("tag", _texts(tags))

    def artifact(self, path: str | Path, name: str = "") -> None:
        """Keep a file, or all files of a folder, under `name` (default: its own)."""
        source = Path(path)
        try:
            if not source.exists():
                raise InvalidInput(f"there is no file {str(source)!r}", where=str(source), field="path")
            base = name or source.name
            found = (
                sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]
            )
            for file in found:
                self._keep(file, f"{base}/{file.relative_to(source).as_posix()}" if source.is_dir() else base)
        except (MeguruError, OSError) as error:
            self._say(error)

    def figure(self, figure: Any, name: str) -> None:
        """Keep a figure as an artifact; `name` tells the format, as in ``roc.png``.

        The figure is Matplotlib's (anything that has ``savefig``), or Plotly's.
        """
        with tempfile.TemporaryDirectory(prefix="meguru-figure-") as folder:
            draft = Path(folder) / f"figure{Path(name).suffix}"
            if hasattr(figure, "savefig"):
                figure.savefig(draft)
            elif draft.suffix == ".html":
                figure.write_html(draft)
            else:
                figure.write_image(draft)
            self.artifact(draft, name)

    def flush(self) -> None:
        """Send what is not sent yet; raise what stops it."""
        self._sender.send()
        with self._spool.lock:
            self._spool.rotate()

    def _append(self, values: dict[str, Any]) -> None:
        ms = time.time_ns() // 1_000_000
        if len(values) <= _MOST:
            self._spool.append(("m", ms, values))
        else:
            items = list(values.items())
            for start in range(0, len(items), _MOST):
                self._spool.append(("m", ms, dict(items[start : start + _MOST])))
        self._unsent += len(values)
        if self._unsent >= FLUSH_POINTS:
            self._unsent = 0
            self._pulse.hurry()

    def _write(self, kind: str, content: Any) -> None:
        with self._spool.lock:
            self._spool.append((kind, content))

    def _texts(self, kind: str, texts: dict[str, str]) -> None:
        try:
            check_texts(kind, texts)
            self._write(kind[0], texts)
            if self._strict:
                self._sender.send()
                self._raise_refused()
        except (MeguruError, OSError) as error:
            self._say(error)

    def _keep(self, file: Path, name: str) -> None:
        if getattr(self._ws, "is_remote", True):
            digest = digests.of_file(file)
            self._spool.store(file, digest)
        else:
            digest = self._ws.blobs.put_file(file)
        self._write("a", {"path": name, "digest": digest})
        self._pulse.hurry()

    def _keep_captured(self, rest: Callable[[], Captured]) -> None:
        try:
            found = rest()
            self._write("t", found.tags)
            with tempfile.TemporaryDirectory(prefix="meguru-captured-") as folder:
                files = {
                    "system.json": msgspec.json.encode(found.system),
                    "uncommitted.diff": found.diff.encode(),
                }
                for name, content in files.items():
                    if content:
                        (Path(folder) / name).write_bytes(content)
                        self._keep(Path(folder) / name, f"meguru/{name}")
        except Exception as error:  # noqa: BLE001 - what surrounds a run is never worth the run
            log.warning("what surrounds a run could not be kept: %s", error)

    def _say(self, error: Exception) -> None:
        if self._strict:
            raise error
        why = getattr(error, "why", "")
        log.warning("not logged: %s%s", error, f": {why}" if why else "")

    def _raise_refused(self) -> None:
        if self._strict and self._sender.refused:
            raise self._sender.refused[0]

    def __enter__(self) -> Self:
        self._ws = self._open()
        root = self._root or cache_folder("spool")
        now = datetime.now(UTC)
        self._start |= {"id": new_id("run"), "at": now.isoformat()}
        self._spool = Spool.create(root, Start(place=self._place, arguments=self._start))
        self._sender = Sender(self._ws, self._spool)
        try:
            self.info = self._sender.start()
        except (Busy, TimedOut) as error:
            if self._strict:
                self._give_up()
                raise
            log.warning("a run is kept on this machine until its server answers: %s", error)
            self.info = self._provisional(now)
        except BaseException:
            self._give_up()
            raise
        self._pulse = Pulse(
            self._flush_quietly,
            lambda: alive.beat(self._ws, run=self.id),
            flush_seconds=FLUSH_SECONDS,
            beat_seconds=BEAT_SECONDS,
        )
        self._others = root
        self._pulse.start()
        if self._surroundings is not None:
            rest = self._surroundings()
            self._capturing = threading.Thread(target=self._keep_captured, args=(rest,), name="run-capture")
            self._capturing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state: EndState = "succeeded" if error is None else "failed"
        if isinstance(error, KeyboardInterrupt):
            state = "cancelled"
        told = "".join(traceback.format_exception(kind, error, trace))[-runs.MAX_ERROR :] if error else ""
        try:
            if self._capturing is not None:
                self._capturing.join(CAPTURE_SECONDS)
            self._pulse.stop()
            self._write("f", {"state": state, "error": told, "at": datetime.now(UTC).isoformat()})
            self._send_all()
            self._raise_refused()
        except Exception as late:
            if error is not None:
                error.add_note(f"the run {self.id} could not be ended: {late}")
            elif self._strict:
                raise
            else:
                log.warning(
                    "the run %s is kept in %s until it can be sent: %s", self.id, self._spool.folder, late
                )
        finally:
            self._ws.close()

    def _send_all(self) -> None:
        """Send everything, the end too; wait a while for a server that is away."""
        until = time.monotonic() + EXIT_SECONDS
        try:
            while True:
                try:
                    self._sender.send()
                    break
                except (Busy, TimedOut):
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.2)
        except Exception as error:
            if is_refusal(error):
                self._spool.refuse(str(error))
            self._spool.close()
            raise
        if self._sender.run is not None:
            self.info = self._sender.run
        self._spool.remove()

    def _flush_quietly(self) -> None:
        self.flush()
        if self._others is not None:
            root, self._others = self._others, None
            send_left(self._ws, root, place=self._place)

    def _give_up(self) -> None:
        self._spool.remove()
        self._ws.close()

    def _provisional(self, now: datetime) -> Run:
        given = self._start
        return Run(
            ref=refs.make("run", given["id"]),
            id=given["id"],
            name=given["name"],
            experiment=given["experiment"],
            state="running",
            started_at=now,
            finished_at=None,
            created_by="",
            error="",
            lease=given["lease"],
            params=given["params"],
            tags=given["tags"],
        )


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: value if isinstance(value, str) else repr(value) for key, value in (values or {}).items()}
