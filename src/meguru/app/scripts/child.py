"""A script in a process of its own: signals are passed on, its exit code comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable, Mapping, Sequence

from meguru.app.scripts.output import Output

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.5


class ScriptProcess:
    """A running script. `interrupted` tells whether it was asked to stop."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], output: Output) -> None:
        self.interrupted = False
        # At a terminal, Ctrl-C reaches every process of our group; elsewhere it reaches us alone.
        self._shares_keyboard = sys.stdin is not None and sys.stdin.isatty()
        out, error = output.given
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=out,
            stderr=error,
            env=dict(environment),
            process_group=None if self._shares_keyboard else 0,
        )
        output.follow()

    def wait(self, meanwhile: Callable[[], None]) -> int:
        """Wait for the end, and return the exit code as a shell tells it; call `meanwhile` now and then."""
        before = {number: signal.signal(number, self._forward) for number in FORWARDED}
        try:
            while True:
                try:
                    code = self._process.wait(_LOOK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    meanwhile()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return code if code >= 0 else 128 - code

    def _forward(self, number: int, _: types.FrameType | None) -> None:
        self.interrupted = True
        if number == signal.SIGINT and self._shares_keyboard:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, number)
