"""Legal holds, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


@event_type(
    "hold.placed",
    label="legal hold placed",
    sentence="{actor} placed {about} under a hold: {why}",
    tone=Tone.ODD,
    explains=True,
)
class HoldPlaced(Payload, frozen=True):
    """Nothing of it is erased, removed or let go until a moment (empty: until it is released)."""

    about: str
    why: str
    until: str


@event_type(
    "hold.released",
    label="legal hold released",
    sentence="{actor} released the hold of {about}: {why}",
    tone=Tone.ODD,
    explains=True,
)
class HoldReleased(Payload, frozen=True):
    """It may be erased, removed and let go again."""

    about: str
    why: str


HOLD = Kind(
    name="hold",
    title=("legal hold", "legal holds"),
    named=False,
    shared=True,
    tables=("meguru.artifacts.holds.schema",),
    operations=("meguru.artifacts.holds.operations",),
    events=(HoldPlaced, HoldReleased),
    project_of="meguru.artifacts.holds.store:project_of",
)
