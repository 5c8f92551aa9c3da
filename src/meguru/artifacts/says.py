"""An event in a sentence, for people."""

from __future__ import annotations

from typing import Any

from meguru.kernel.event import CLAIMED, Event
from meguru.kernel.kinds import event_types

SENTENCES = {
    "dataset_version.created": "{subject} was registered",
    "pipeline.registered": "{subject} was registered",
    "pipeline_run.started": "pipeline run {subject} started",
    "pipeline_run.succeeded": "pipeline run {subject} succeeded",
    "pipeline_run.failed": "pipeline run {subject} failed",
    "model_version.registered": "{subject} was registered",
    "model_version.unverified": "{subject} was registered, and not verified",
    "model_version.imported": "{subject} was imported, and not verified",
    "registered_model.created": "{subject} was registered, without a version",
    "release.created": "{subject} was put together",
    "release.gates_passed": "{subject} passed its gates",
    "release.refused": "{subject} was refused",
    "release.undecided": "{subject} could not be checked",
    "release.promoted": "{subject} went live",
    "release.rolled_back": "rolled back to {subject}",
    "trigger.fired": "{subject} fired",
    "trigger.suppressed": "{subject} was held back",
}
REASONS = ("reasons", "reason", "why", "summary")


def says(event: Event) -> str:
    """Return what an event says, with its reason when it carries one."""
    declared = event_types().get(event.type)
    head = (
        declared.sentence
        if declared
        else SENTENCES.get(event.type, event.type.replace(".", " ").replace("_", " ") + ": {subject}")
    )
    reason = next((_text(event.data[key]) for key in REASONS if event.data.get(key)), "")
    sentence = head.format(subject=event.subject)
    sentence = f"{sentence}: {reason}" if reason else sentence
    claimed = event.data.get(CLAIMED)
    return f"{sentence} (claimed, not proved: {_text(claimed)})" if claimed else sentence


def _text(value: Any) -> str:
    return "; ".join(str(item) for item in value) if isinstance(value, list) else str(value)
