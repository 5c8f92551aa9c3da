"""All questions of an auditor."""

from meguru.audit.answers.changes import changes
from meguru.audit.answers.in_force import in_force
from meguru.audit.answers.person import audit_events, person
from meguru.audit.answers.who_could import who_could

__all__ = ["audit_events", "changes", "in_force", "person", "who_could"]
