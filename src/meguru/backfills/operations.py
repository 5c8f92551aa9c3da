"""The operations of backfills, in one place."""

from meguru.backfills.cancel import cancel
from meguru.backfills.pause import pause, resume
from meguru.backfills.retry import retry
from meguru.backfills.show import list_backfills, list_partitions, show
from meguru.backfills.start import start

__all__ = ["cancel", "list_backfills", "list_partitions", "pause", "resume", "retry", "show", "start"]
