"""The whole product, for those who must know all of it: the one place that names what is above the kernel."""

from __future__ import annotations

from meguru.base.late import late_module

_KINDS, _OPERATIONS = "meguru.app.kinds", "meguru.app.nouns"
"""By name, as nothing may import what is above it; `app` lists the kinds, and imports every one."""


def load_kinds() -> None:
    """Declare every kind: whoever appends an event may have imported only the noun that it is of."""
    late_module(_KINDS).all_kinds()


def load_operations() -> None:
    """Register every operation, and with them all that nouns declare where they are imported."""
    late_module(_OPERATIONS).load_operations()
