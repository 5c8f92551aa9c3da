"""The service that looks whether a restored backup has undone erasures."""

from __future__ import annotations

import logging
import threading

from meguru.artifacts.erasure import ledger
from meguru.artifacts.erasure.ledger import ErasureLedger
from meguru.base.late import importing
from meguru.base.outages import Outage
from meguru.base.ticker import Ticker
from meguru.datasets.personal.purge import delete_erased_blobs
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)


class ErasureClock(Ticker):
    """Erases again what a restored database has forgotten: when a server starts, and every hour.

    What only the database knows, since the file beside it was lost, is written there again.
    """

    name = "erasures"
    pause = 3600.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("erasures"))

    def run(self, stop: threading.Event) -> None:
        """Look at once, then at intervals."""
        self._try(self.tick, Outage(log))
        super().run(stop)

    def tick(self) -> None:
        """Look once."""
        restore_ledger(self.ws)
        delete_erased_blobs(self.ws)
        # Last: it raises while somebody who is owed is under a legal hold, and the rest must not wait.
        keys = ErasureLedger(self.ws).keys
        if any(each.key in keys for each in ledger.owed(self.ws)):
            with importing:
                from meguru.datasets.personal.repeat import again
            rows = again(self.ws).rows
            log.warning("the database was restored: %s rows of erased persons are erased again", f"{rows:,}")


def restore_ledger(ws: Workspace) -> int:
    """Write beside the workspace what its database knows and the file there has lost; return how many."""
    book = ErasureLedger(ws)
    there = {each.id for each in book.entries()}
    with ws.read() as tx:
        lost = [each for each in ledger.known(tx) if each.id not in there and each.marks]
    book.append(lost)
    return len(lost)
