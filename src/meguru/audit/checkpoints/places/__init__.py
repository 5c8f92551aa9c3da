"""Where checkpoints are written: one file a way of writing."""

from __future__ import annotations

from typing import Protocol

from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.errors import InvalidInput, masked

PLACES = PluginFamily(
    "place for checkpoints",
    {
        "file": "meguru.audit.checkpoints.places.file:FilePlace",
        "webhook": "meguru.audit.checkpoints.places.webhook:WebhookPlace",
        **dict.fromkeys(("s3", "gs", "az"), "meguru.audit.checkpoints.places.bucket:BucketPlace"),
    },
)


class CheckpointPlace(Protocol):
    """Keeps checkpoints. Writing one again that it has changes nothing: a kill in the middle is made good."""

    def write(self, notes: list[tuple[int, str]]) -> None:
        """Write signed notes, each with the size of its tree, in order; they are durable when it returns.

        Raises
        ------
        MeguruError, OSError
            If it does not take them.
        """
        ...


def place_of(text: str, settings: Settings, *, field: str = "to") -> CheckpointPlace:
    """Return the place that a text names; nothing is opened yet.

    Raises
    ------
    InvalidInput
        If it names none.
    """
    scheme, colon, _ = text.partition(":")
    if not colon or scheme not in PLACES.names():
        hint = 'write "file:/PATH", "s3://BUCKET/PREFIX?lock=365d" or "webhook:https://HOST/PATH"'
        raise InvalidInput(f"{masked(text)[:200]!r} is no place for checkpoints", field=field, hint=hint)
    place: CheckpointPlace = PLACES.load(scheme)(text, settings, field)
    return place
