"""The service that keeps Delta tables which were made once up to date with their datasets."""

from __future__ import annotations

import logging

from meguru.base.late import importing
from meguru.base.ticker import Ticker
from meguru.datasets import store
from meguru.datasets.delta.storage import tables_of
from meguru.errors import MeguruError
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)


class TableRefresher(Ticker):
    """Writes new versions into the tables of their datasets, every few seconds."""

    name = "tables of datasets"
    pause = 3.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self._seen: dict[str, str] = {}

    def tick(self) -> list[str]:
        """Look once; return the datasets whose tables were written."""
        written = []
        for name in tables_of(self.ws.blobs):
            with self.ws.read() as tx:
                newest = store.newest(tx, name)
                if newest is None or self._seen.get(name) == newest.ref:
                    continue
                with importing:
                    from meguru.datasets.delta.table import TableMirror
                # Once a version: a table that fails would be tried, and logged, every few seconds.
                self._seen[name] = newest.ref  # also if it fails: who asks for the table is told why
                try:
                    TableMirror(self.ws.blobs, name).update(tx, newest.version)
                    written.append(name)
                except MeguruError as error:
                    log.warning("the table of %s stays behind: %s", name, error)
        return written
