"""A failure that comes again and again, told once."""

from __future__ import annotations

import logging
import time
from datetime import timedelta


class Outage:
    """Tells the log when work that is tried again and again begins to fail, and when it works again.

    A database that is away for an hour fails each try: its traceback is told once, and each other sort of
    error that shows meanwhile once too, since it may be another trouble. Not for many threads at a time.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._since: float | None = None
        self._told: set[type[BaseException]] = set()

    def failed(self, error: BaseException, what: str) -> None:
        """Take note of an error; `what` says what could not be done."""
        if self._since is None:
            self._since = time.monotonic()
        if type(error) not in self._told:
            self._told.add(type(error))
            self._log.error("%s; trying again", what, exc_info=error)

    def worked(self, what: str) -> None:
        """Take note that it went well; `what` says what is done again."""
        if self._since is not None:
            lasted = timedelta(seconds=round(time.monotonic() - self._since))
            self._log.warning("%s again, after %s", what, lasted)
            self._since = None
            self._told.clear()
