"""Tables of predictions and outcomes."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from meguru.storage.db import UtcTime, metadata

prediction_batch = Table(
    "prediction_batch",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("model_ref", String(300), nullable=False),
    Column("release_ref", String(300), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("first_time", UtcTime, nullable=False),
    Column("last_time", UtcTime, nullable=False),
    Column("n", Integer, nullable=False),
    Column("key", String(200)),
    Column("digest", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("endpoint", "key"),
    Index(None, "endpoint", "last_time"),
    Index(None, "endpoint", "received_at"),
)
"""One row a request: its features, scores and event times are in `payload`."""

prediction_key = Table(
    "prediction_key",
    metadata,
    Column("batch_id", String(64), ForeignKey("prediction_batch.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("endpoint", String(100), nullable=False),
    Column("key", String(200), nullable=False),
    Column("time", UtcTime, nullable=False),
    Index(None, "endpoint", "key", "time"),
)
"""The client's own key of a row, if it said one, and the row's event time."""

outcome = Table(
    "outcome",
    metadata,
    Column("batch_id", String(64), ForeignKey("prediction_batch.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("json", Text),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
)
"""What really happened: a number is in `value`, anything else in `json`."""

earlier_outcome = Table(
    "earlier_outcome",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("batch_id", String(64), ForeignKey("prediction_batch.id"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("value", Double),
    Column("json", Text),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Index(None, "batch_id", "row"),
)
"""What was said of predictions besides what counts: it was corrected, or became known before that."""

waiting_outcome = Table(
    "waiting_outcome",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("endpoint", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("batch_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("key", String(200), nullable=False),
    Column("time", UtcTime),
    Column("json", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("problem", Text),
    UniqueConstraint("endpoint", "digest"),
)
"""Outcomes of predictions that nobody knows yet; `digest` is of what was said, so that it is kept once."""

excluded_prediction = Table(
    "excluded_prediction",
    metadata,
    Column("batch_id", String(64), ForeignKey("prediction_batch.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
)
"""Predictions that are kept out of the data that outcomes become."""

outcome_day = Table(
    "outcome_day",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("changes", BigInteger, nullable=False),
)
"""How often what counts as outcome changed, by the day on which the request was received."""

outcome_delay = Table(
    "outcome_delay",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)
"""How many outcomes became known how long after the event, by its day (UTC); see `outcome_delays`."""

prediction_count = Table(
    "prediction_count",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("predictions", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("outcomes", BigInteger, nullable=False),
    Column("last_received_at", UtcTime),
    Column("arrived_at", UtcTime),
    Column("last_time", UtcTime),
    Column("known_until", UtcTime),
    Column("touched_from", UtcTime),
    Column("touched_until", UtcTime),
)
"""What arrived of each endpoint, in some rows that are added up.

`arrived_at` is when the last prediction or outcome came, `last_time` the latest event time of a prediction,
`known_until` the latest moment at which a sender says that an outcome became known. From `touched_from` to
`touched_until` is the span of event time of all rows that came, or got an outcome, since a monitor's clock
took it; empty when nothing did.
"""


uncounted_batch = Table(
    "uncounted_batch",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("batch_id", String(64), primary_key=True),
)
"""Requests that are in no cell yet, with whatever outcomes they have; ``*`` stands for all of an endpoint.

Written with the request, and gone with the commit that adds it to the cells: each is counted once.
"""

uncounted_outcomes = Table(
    "uncounted_outcomes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("endpoint", String(100), nullable=False),
    Column("first_time", UtcTime, nullable=False),
    Column("last_time", UtcTime, nullable=False),
    Column("n", Integer, nullable=False),
    Column("changes", LargeBinary, nullable=False),
    Index(None, "endpoint", "id"),
)
"""Changes of what counts as outcome that are in no cell yet, as `aggregation_queue.pack` writes them; one row
a call.

Times are the first and the last of the requests whose predictions they are of.
"""
