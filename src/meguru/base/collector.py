"""The garbage collector of a command's process while it starts, when nearly all that is made stays."""

from __future__ import annotations

import gc

WHILE_STARTING = 50_000
"""New objects after which it looks for garbage, instead of 700."""
_usual: list[tuple[int, int, int]] = []


def begin_start() -> None:
    """Look for garbage rarely: walking modules over and over was a fifth of a server's start."""
    _usual.append(gc.get_threshold())
    gc.set_threshold(WHILE_STARTING, 50, 50)


def end_start() -> None:
    """Look as usual, and no more at what is there by now: modules, types, tables."""
    if _usual:  # else the process is somebody else's, and so is its collector
        gc.freeze()
        gc.set_threshold(*_usual.pop())
