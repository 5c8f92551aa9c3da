"""Scheduled reports, as a kind: summaries that are sent by the calendar."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.kernel.kinds import (
    Attention,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    Urgency,
    event_type,
    spec_events,
)


class ScheduledReportSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets a summary, and when.

    Attributes
    ----------
    to
        Receivers, as of a notification: ``mailto:board@example.com``, ``slack:${MEGURU_NOTIFY_SLACK}``.
    every
        A cron expression; by default at eight on the first of each month.
    tz
        The time zone of that.
    days
        How far back the summary looks.
    language
        Of the summary.
    """

    to: list[str]
    every: str = "0 8 1 * *"
    tz: str = "UTC"
    days: int = 31
    language: Literal["en", "ja"] = "en"


@event_type(
    "scheduled_report.sent", label="report sent", sentence="{subject} was sent to {to}", tone=Tone.GOOD
)
class ScheduledReportSent(Payload, frozen=True):
    """A receiver took a summary."""

    to: str
    delivery: str


@event_type(
    "scheduled_report.failed",
    label="report not sent",
    sentence="{subject} could not be sent to {to}: {why}",
    tone=Tone.BAD,
    needs_person=Attention(
        severity=Urgency.WARNING,
        answered_by=(Remedy("scheduled_report.sent"), Remedy("scheduled_report.updated")),
        meaning="{subject} does not arrive at {to}: {why}",
    ),
)
class ScheduledReportFailed(Payload, frozen=True):
    """A receiver did not take a summary, and it won't be sent again."""

    to: str
    delivery: str
    why: str


SCHEDULED_REPORT = Kind(
    name="scheduled_report",
    title=("scheduled report", "scheduled reports"),
    tables=("meguru.summaries.schema",),
    operations=("meguru.summaries.operations",),
    events=(
        *spec_events("scheduled_report", ScheduledReportSpec, retired="It is sent no more."),
        ScheduledReportSent,
        ScheduledReportFailed,
    ),
    grants={"engineer": ("write",)},
    spec=ScheduledReportSpec,
    spec_store="meguru.summaries.spec",
    jobs={"scheduled_report": "meguru.summaries.send:HANDLER"},
    services=(Service(name="scheduled reports", factory="meguru.summaries.calendar:ReportCalendar"),),
    internal={
        "promise": "the calendar promises the reports that are due",
        "note": "the job that sends writes down what became of a report",
    },
)
