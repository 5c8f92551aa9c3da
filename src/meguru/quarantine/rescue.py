"""Rescue a trained model that could not be registered: it is kept in quarantine, and the error says where."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meguru.base.settings import load_settings
from meguru.compute.materializers.base import ValueStore
from meguru.compute.materializers.unstorable import keep_unstorable, would_fail_again
from meguru.errors import MeguruError
from meguru.quarantine.add import add
from meguru.quarantine.keep import FORBID
from meguru.quarantine.types import Evidence


@contextmanager
def rescued(ws: Any, value: Any, name: str, *, run: str = "") -> Iterator[None]:
    """Keep `value` in quarantine for the model `name` if the block fails, and say so in what it raises.

    What this installation is at fault for (a disk, a network) is not rescued: the same call may work later.
    """
    try:
        yield
    except Exception as error:
        # Not for a full disk or a network that is down: there the same call works later, and nothing is lost.
        if would_fail_again(error):
            _add_note(error, _keep_in_quarantine(ws, value, name, run, error))
        raise


def _keep_in_quarantine(ws: Any, value: Any, name: str, run: str, error: Exception) -> str:
    """Return what became of it, in a sentence; the failure that led here is what the author is to see."""
    settings = load_settings()
    if settings.quarantine == FORBID:
        return ""
    why = f": {error.why}" if isinstance(error, MeguruError) and error.why else ""
    with tempfile.TemporaryDirectory(prefix="meguru-kept-") as scratch:
        place = ValueStore(ws.blobs, Path(scratch))
        try:
            kept_object = keep_unstorable(value, f"{error}{why}", place, settings.quarantine_max)
            if kept_object.lost:
                return f"what was trained could not be kept: {kept_object.lost}"
            evidence = Evidence(
                task=kept_object.task,
                label=kept_object.label,
                metrics=kept_object.metrics,
                params=kept_object.params,
            )
            model = add(
                ws,
                model=name,
                tree=kept_object.tree,
                file=kept_object.file,
                evidence=evidence,
                run=run,
                reason=kept_object.reason,
            )
        except MeguruError as failed:
            return f"what was trained could not be kept: {failed.what}"
    return f"what was trained is not lost: it is kept as {model.ref} (meguru quarantine show {model.id})"


def _add_note(error: Exception, said: str) -> None:
    if not said:
        return
    error.add_note(said)  # which a traceback shows
    if isinstance(error, MeguruError):
        error.why = "; ".join(filter(None, (error.why, said)))
