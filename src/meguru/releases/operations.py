"""Every operation of releases; importing this registers them."""

from meguru.releases.acknowledge import acknowledge
from meguru.releases.check import check
from meguru.releases.create import create
from meguru.releases.promote import promote
from meguru.releases.review.break_glass import break_glass
from meguru.releases.review.decisions import approve, refuse, statement, withdraw
from meguru.releases.review.request import request
from meguru.releases.review.show import awaiting, review
from meguru.releases.rollback import rollback
from meguru.releases.sending.missing import missing
from meguru.releases.sending.pack import pack
from meguru.releases.sending.receive import receive
from meguru.releases.show import diff, list_releases, show

__all__ = [
    "acknowledge",
    "approve",
    "awaiting",
    "break_glass",
    "check",
    "create",
    "diff",
    "list_releases",
    "missing",
    "pack",
    "promote",
    "receive",
    "refuse",
    "request",
    "review",
    "rollback",
    "show",
    "statement",
    "withdraw",
]
