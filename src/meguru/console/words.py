"""The words for states and events, and the tone in which each is shown."""

from __future__ import annotations

from meguru.kernel.kinds import event_types


def mark(message: str) -> str:
    """Mark a message for translation; it is translated where it is shown."""
    return message


STATES = {
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
    "missed": mark("missed"),
    "former": mark("former"),
    "shadow": mark("scores along"),
    "ok": mark("ok"),
    "alert": mark("alert"),
    "warning": mark("warning"),
    "unknown": mark("unknown"),
}
EVENTS = {
    "pipeline.registered": mark("pipeline registered"),
    "pipeline_run.started": mark("pipeline run started"),
    "pipeline_run.succeeded": mark("pipeline run succeeded"),
    "pipeline_run.failed": mark("pipeline run failed"),
    "pipeline_run.cancelled": mark("pipeline run cancelled"),
    "pipeline_run.paused": mark("pipeline run paused"),
    "pipeline_run.resumed": mark("pipeline run resumed"),
    "step_run.skipped": mark("step skipped"),
    "approval.requested": mark("a run asks people"),
    "approval.approved": mark("people said yes"),
    "approval.refused": mark("people said no"),
    "approval.expired": mark("nobody answered in time"),
    "step_run.succeeded": mark("step succeeded"),
    "step_run.cached": mark("steps taken from cache"),
    "step_run.failed": mark("step failed"),
    "step_run.check_started": mark("check of steps asked for"),
    "step_run.checked": mark("step checked"),
    "sweep.started": mark("sweep started"),
    "sweep.resumed": mark("sweep went on"),
    "sweep.finished": mark("sweep ended"),
    "sweep_trial.started": mark("trial of a sweep started"),
    "sweep_trial.finished": mark("trial of a sweep ended"),
    "backfill.started": mark("backfill started"),
    "backfill.succeeded": mark("backfill succeeded"),
    "backfill.failed": mark("backfill failed"),
    "backfill.paused": mark("backfill paused"),
    "backfill.resumed": mark("backfill resumed"),
    "backfill.cancelled": mark("backfill cancelled"),
    "backfill.retried": mark("backfill runs failed partitions again"),
    "pool.set": mark("pool set"),
    "pool.removed": mark("pool removed"),
}
GOOD = {
    "fired",
    "succeeded",
    "finished",
    "done",
    "passed",
    "promoted",
    "live",
    "ok",
    "gates_passed",
    "approved",
    "serving",
}
BAD = {"down", "failed", "killed", "refused", "alert", "alerted", "denied"}
BUSY = {"loading", "queued", "pending", "running", "checking", "started", "created"}
ODD = {
    "stopped",
    "pruned",
    "interrupted",
    "cancelled",
    "rolled_back",
    "warning",
    "suppressed",
    "missed",
    "revoked",
    "asking",
    "requested",
    "expired",
    "paused",
    "undecided",
}


def label_of(event: str) -> str:
    """Return what a type of event is called, to be translated where it is shown."""
    declared = event_types().get(event)
    return declared.label if declared else EVENTS.get(event, event.replace(".", " ").replace("_", " "))


def known_events() -> list[str]:
    """Return the types of events that can be asked for, sorted."""
    return sorted({*EVENTS, *event_types()})


def tone_of(word: object) -> str:
    """Return good, bad, busy, odd or still: the colour of a state or of a type of event."""
    declared = event_types().get(str(word))
    if declared:
        return str(declared.tone)
    verb = str(word).rpartition(".")[2]
    for tone, words in (("good", GOOD), ("bad", BAD), ("odd", ODD)):
        if verb in words:
            return tone
    return "busy" if verb in BUSY and "." not in str(word) else "still"
