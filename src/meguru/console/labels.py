"""The words for states and events, and the tone in which each is shown."""

from __future__ import annotations

from meguru.base.text import mark
from meguru.kernel.kinds import event_types

STATES = {
    "difference": mark("difference"),
    "ratio": mark("ratio"),
    "distance from 0": mark("distance from 0"),
    "queued": mark("queued"),
    "pending": mark("pending"),
    "running": mark("running"),
    "interrupted": mark("interrupted"),
    "succeeded": mark("succeeded"),
    "finished": mark("finished"),
    "done": mark("done"),
    "cached": mark("cached"),
    "failed": mark("failed"),
    "killed": mark("killed"),
    "cancelled": mark("cancelled"),
    "stopped": mark("stopped"),
    "pruned": mark("given up"),
    "skipped": mark("skipped"),
    "waiting": mark("waiting"),
    "paused": mark("paused"),
    "asking": mark("asks"),
    "created": mark("created"),
    "checking": mark("checking"),
    "passed": mark("passed"),
    "refused": mark("refused"),
    "waived": mark("waived"),
    "approved": mark("approved"),
    "signed": mark("signed afterwards"),
    "valid": mark("counts"),
    "void": mark("void"),
    "withdrawn": mark("withdrawn"),
    "waiver_ended": mark("waiver has ended"),
    "requested": mark("asked for"),
    "to_confirm": mark("to be confirmed"),
    "evident": mark("shown by the records"),
    "yes": mark("yes"),
    "no": mark("no"),
    "not_applicable": mark("does not apply"),
    "granted": mark("granted"),
    "denied": mark("denied"),
    "revoked": mark("taken back"),
    "undecided": mark("undecided"),
    "promoted": mark("promoted"),
    "live": mark("live"),
    "loading": mark("loading"),
    "down": mark("down"),
    "retired": mark("retired"),
    "superseded": mark("superseded"),
    "rolled_back": mark("rolled back"),
    "fired": mark("fired"),
    "suppressed": mark("held back"),
    "owed": mark("owed"),
    "missed": mark("missed"),
    "overdue": mark("overdue"),
    "unsigned": mark("to be signed for"),
    "filtered": mark("filtered out"),
    "former": mark("former"),
    "shadow": mark("scores along"),
    "ok": mark("ok"),
    "exceeded": mark("used up"),
    "warned": mark("nearly used up"),
    "unpriced": mark("nothing has a price"),
    "money": mark("money"),
    "project": mark("project"),
    "pipeline": mark("pipeline"),
    "person": mark("person"),
    "model": mark("model"),
    "endpoint": mark("endpoint"),
    "dataset": mark("dataset"),
    "cpu_hours": mark("hours of processors"),
    "gpu_hours": mark("hours of accelerators"),
    "followed": mark("followed"),
    "mentioned": mark("mentioned"),
    "answered": mark("answered"),
    "alert": mark("alert"),
    "warning": mark("warning"),
    "unknown": mark("unknown"),
    "serves": mark("serves its versions"),
    "watches": mark("watches it"),
    "produces": mark("makes its versions"),
    "release": mark("may still go live"),
    "quarantined": mark("in quarantine"),
    "converted": mark("converted"),
    "accepted": mark("accepted"),
    "expired": mark("expired"),
    "open": mark("open"),
    "acknowledged": mark("looked after"),
    "resolved": mark("over"),
    "closed": mark("closed"),
    "critical": mark("critical"),
    "info": mark("to know"),
    "taken": mark("taken"),
}
GOOD = {
    "approved",
    "signed",
    "valid",
    *("accepted", "fired", "succeeded", "finished", "done", "passed", "promoted", "live", "ok"),
    *("resolved", "closed", "taken", "yes", "evident", "not_applicable"),
}
BAD = {
    "overdue",
    "void",
    "down",
    "critical",
    "failed",
    "killed",
    "refused",
    "alert",
    "waiver_ended",
    "denied",
    "no",
    "exceeded",
}
BUSY = {"loading", "acknowledged", "info", "owed", "queued", "pending", "running", "checking", "created"}
ODD = {
    "open",
    "converted",
    "expired",
    "quarantined",
    "stopped",
    "pruned",
    "interrupted",
    "cancelled",
    "rolled_back",
    "warning",
    "suppressed",
    "missed",
    "asking",
    "unsigned",
    "withdrawn",
    "paused",
    "undecided",
    "waived",
    "to_confirm",
    "requested",
    "granted",
    "revoked",
    "warned",
    "unpriced",
}
"""Of states; the tone of an event is declared with it."""


def label_of(event: str) -> str:
    """Return what a type of event is called, to be translated where it is shown."""
    declared = event_types().get(event)
    return declared.label if declared else event.replace(".", " ").replace("_", " ")


def known_events() -> list[str]:
    """Return the types of events that can be asked for, sorted."""
    return sorted(event_types())


def tone_of(word: object) -> str:
    """Return good, bad, busy, odd or still: the colour of a state or of a type of event."""
    declared = event_types().get(str(word))
    if declared:
        return str(declared.tone)
    tones = (("good", GOOD), ("bad", BAD), ("busy", BUSY), ("odd", ODD))
    return next((tone for tone, words in tones if str(word) in words), "still")
