"""The thread beside a tracked run: it sends what is buffered, and tells that the process is alive."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from meguru.errors import MeguruError

log = logging.getLogger(__name__)


class HeartbeatThread:
    """Flushes and beats until it is stopped, or until the server refuses the run.

    Parameters
    ----------
    flush
        Sends what is buffered, if there is something; called every `flush_seconds`.
    beat
        Tells that the process is alive; called every `beat_seconds`.
    """

    def __init__(
        self,
        flush: Callable[[], None],
        beat: Callable[[], None],
        *,
        flush_seconds: float,
        beat_seconds: float,
    ) -> None:
        self._flush, self._beat = flush, beat
        self._flush_seconds, self._beat_seconds = flush_seconds, beat_seconds
        self._over, self._due = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="run-pulse", daemon=True)

    def start(self) -> None:
        """Start flushing and beating."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; wait for what it is sending."""
        self._over.set()
        self._due.set()
        self._thread.join()

    def hurry(self) -> None:
        """Flush now, not when it is time."""
        self._due.set()

    def _run(self) -> None:
        due = time.monotonic() + self._beat_seconds
        while not self._over.is_set():
            self._due.wait(self._flush_seconds)
            self._due.clear()
            if self._over.is_set():
                return
            try:
                self._flush()
                if time.monotonic() >= due:
                    self._beat()
                    due = time.monotonic() + self._beat_seconds
            except Exception as error:  # told of by the next flush, if it lasts
                if is_refusal(error):
                    log.warning("a run can't go on: %s", error)
                    return
                log.debug("a run's server is away", exc_info=error)


def is_refusal(error: Exception) -> bool:
    """Tell whether an error is an answer that another attempt would get again: the request is at fault.

    A server that stumbled (any status of 500 and more) may have mended itself by the next beat.
    """
    return isinstance(error, MeguruError) and error.status < 500
