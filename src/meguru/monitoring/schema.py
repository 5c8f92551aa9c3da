"""Tables of monitors."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from meguru.storage.db import Json, UtcTime, metadata

monitor = Table(
    "monitor",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("checks", Json, nullable=False),
    Column("alert_on", Json, nullable=False),
    Column("min_rows", Integer, nullable=False),
    Column("min_drift_share", Double, nullable=False),
    Column("window", Json, nullable=False),
    Column("schedule", Json, nullable=False),
    Column("complete", Json, nullable=False),
    Column("debounce", Double, nullable=False),
    Column("make_up", Integer, nullable=False),
    Column("dataset", String(100), nullable=False),
    Column("reference", Integer, nullable=False),
    Column("important", Json, nullable=False),
    Column("seasons", Json, nullable=False),
    Column("persist", Json, nullable=False),
    Column("recover", Json, nullable=False),
    Column("false_discovery_rate", Double, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
    Index(None, "endpoint"),
)
"""A retired monitor keeps its row, for its reports."""

monitor_report = Table(
    "monitor_report",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("monitor", String(100), ForeignKey("monitor.name"), nullable=False),
    Column("window_start", UtcTime, nullable=False),
    Column("window_end", UtcTime, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("body", Json, nullable=False),
    UniqueConstraint("monitor", "window_start", "window_end", "digest"),
    Index(None, "monitor", "at"),
)
"""One row an evaluation; `digest` is of the data and settings it was made from, `body` is the report."""

report_evidence = Table(
    "report_evidence",
    metadata,
    Column("report", String(64), ForeignKey("monitor_report.id"), primary_key=True),
    Column("body", Json, nullable=False),
)
"""What a report shows beside its findings: large, and read one at a time."""

monitor_clock = Table(
    "monitor_clock",
    metadata,
    Column("monitor", String(100), ForeignKey("monitor.name"), primary_key=True),
    Column("since", UtcTime),
    Column("next_at", UtcTime),
    Column("goal", BigInteger),
    Column("deadline", UtcTime),
    Column("outcomes_goal", BigInteger),
    Column("turn", Integer, nullable=False),
)
"""Where each monitor that looks by itself stands.

`since` is where its first window begins that it has no row for, `next_at` the next moment of its calendar,
`goal` the number of predictions at which a window of rows may be full (of a dataset: the newest version that
was planned for), `outcomes_goal` the number of outcomes at which enough may be known of a window that waits
for them, `deadline` the event time at which they are waited for no longer. `turn` is a part of its job's key.
"""

monitor_window = Table(
    "monitor_window",
    metadata,
    Column("monitor", String(100), ForeignKey("monitor.name"), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("end", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("asked_at", UtcTime, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("evaluations", Integer, nullable=False),
    Column("evaluated_at", UtcTime),
    Column("report", String(64)),
    Column("partial", Boolean, nullable=False),
    Column("error", Text),
    Index(None, "monitor", "end"),
    Index(None, "due_at"),
)
"""One row a window that is full, or was looked at. `due_at` is when to look, `asked` counts who asked."""
