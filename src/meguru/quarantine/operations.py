"""Every operation of the quarantine; importing this registers them."""

from meguru.quarantine import blobs
from meguru.quarantine.accept import accept
from meguru.quarantine.add import add
from meguru.quarantine.convert import convert
from meguru.quarantine.refuse import refuse
from meguru.quarantine.show import list_quarantined, show

__all__ = ["accept", "add", "blobs", "convert", "list_quarantined", "refuse", "show"]
