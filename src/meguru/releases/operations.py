"""Every operation of releases; importing this registers them."""

from meguru.releases.acknowledge import acknowledge
from meguru.releases.check import check
from meguru.releases.create import create
from meguru.releases.promote import promote
from meguru.releases.rollback import rollback
from meguru.releases.show import diff, list_releases, show

__all__ = ["acknowledge", "check", "create", "diff", "list_releases", "promote", "rollback", "show"]
