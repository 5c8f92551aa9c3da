"""Import what is needed late, from threads that answer and work at the same time."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from types import ModuleType

importing = threading.RLock()
"""Held while a thread imports much that others may import too: ``with importing: from … import …``.

Of two threads that import modules which need each other, as those of NumPy do, one may be handed a module
that is half made, or refused. So one imports at a time. No module may ask for it while it is imported itself:
who imports it without the lock would hold what the lock's holder waits for.
"""


def late_module(name: str) -> ModuleType:
    """Return a module; the first who asks for it imports it, and others wait for that."""
    found = sys.modules.get(name)
    if found is not None and not getattr(found.__spec__, "_initializing", False):
        return found
    with importing:
        return import_module(name)


def load_ahead(*names: str) -> None:
    """Import what a write transaction will need, before it begins: other writers would wait for that."""
    for name in names:
        late_module(name)
