"""What people say of where a dataset's rows come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cronsim import CronSimError

from meguru.base import digests, durations
from meguru.base.local_time import moments
from meguru.errors import InvalidInput

PullMode = Literal["", "replace", "append", "upsert"]
MIN_INTERVAL = 1.0
_FIELDS_OF_CRON = 5
_MAX_LENGTH = 20_000


class SourceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the rows of a dataset come from, and how they are read again and again.

    `address` (``from`` in a file) is a table of a database (``postgresql://user:${MEGURU_SOURCE_PW}@host/db#orders``),
    files (``s3://bucket/dt=*/*.parquet``, ``exports/*.csv``), one behind HTTP, a table of Delta Lake or
    Iceberg, or a Python function (``sources.py:orders``). `query` is asked of a database instead of a table.

    With a `watermark`, a column that only grows, only rows are read that came since; `lookback` (``"2h"``, or
    a number) goes back so far for what comes late. They are `mode` ``append`` ed, or ``upsert`` ed by the
    dataset's key, which is the default where it has one. Without a watermark all is read, and replaces what
    was there.

    `schedule` is a cron expression (in the time zone `tz`) or an interval (``"15m"``); without one it is read
    when somebody asks. `max_drop_pct` is how many per cent of the rows may be gone at a read of the whole.
    `timeout` bounds the seconds that a source may be silent, `max_bytes` the size of a file behind HTTP.
    """

    address: str = msgspec.field(name="from", default="")
    query: str = ""
    watermark: str = ""
    mode: PullMode = ""
    lookback: str | float = ""
    schedule: str = ""
    tz: str = "UTC"
    max_drop_pct: float = 0.0
    timeout: str | float = "60s"
    max_bytes: int = 20_000_000_000

    @property
    def identity(self) -> str:
        """A digest of what says which rows there are: a position of another source is none of this one's."""
        # Not of the schedule or the mode: they change how it is read, not which rows there are.
        return digests.of_value([self.address, self.query, self.watermark])[:16]

    @property
    def seconds(self) -> float:
        """How long the source may be silent, in seconds."""
        return durations.seconds(self.timeout, field="source.timeout") or 60.0

    def mode_for(self, key: list[str]) -> Literal["replace", "append", "upsert"]:
        """Return how what was read becomes a version."""
        if self.mode:
            return self.mode
        if not self.watermark:
            return "replace"
        return "upsert" if key else "append"

    def following(self, after: datetime) -> datetime | None:
        """Return the first moment after another at which it is read by itself; None if it never is."""
        if not self.schedule:
            return None
        if is_cron(self.schedule):
            return next(moments(self.schedule, ZoneInfo(self.tz), after), None)
        every = timedelta(seconds=durations.seconds(self.schedule, field="source.schedule") or 0)
        # Counted from a fixed day: servers agree, and a restart moves nothing.
        passed = (after - _EPOCH) // every
        return _EPOCH + (passed + 1) * every


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def is_cron(schedule: str) -> bool:
    """Tell whether a schedule is a cron expression, not an interval."""
    return len(schedule.split()) == _FIELDS_OF_CRON


def check_source(spec: SourceSpec, key: list[str], now: datetime) -> None:
    """Refuse what makes no sense, whatever the source turns out to hold.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    if not spec.address.strip() or max(len(spec.address), len(spec.query)) > _MAX_LENGTH:
        raise InvalidInput(
            "a source needs an address", field="source.from", hint='from = "sqlite:///shop.db#orders"'
        )
    if any(not each.isprintable() for each in (spec.address, spec.watermark)) or len(spec.watermark) > 200:
        raise InvalidInput("an address and a column are printable text", field="source.from")
    mode = spec.mode_for(key)
    if spec.watermark and mode == "replace":
        hint = "append, upsert, or no watermark"
        raise InvalidInput(
            "what is read by a watermark is added, and replaces nothing", field="source.mode", hint=hint
        )
    if mode == "upsert" and not key:
        raise InvalidInput(
            "upsert needs to know which row is which", field="source.mode", hint='key = ["id"]'
        )
    if spec.lookback and not spec.watermark:
        raise InvalidInput(
            "lookback goes back from a watermark", field="source.lookback", hint='watermark = "…"'
        )
    if spec.lookback:
        lookback_of(spec.lookback)
    if not 0 <= spec.max_drop_pct <= 100:
        raise InvalidInput("a percentage is from 0 to 100", field="source.max_drop_pct")
    if not 1 <= spec.seconds <= 24 * 3600:
        raise InvalidInput("timeout is one second to a day", field="source.timeout")
    if spec.max_bytes < 1:
        raise InvalidInput("max_bytes is one or more", field="source.max_bytes")
    _check_schedule(spec, now)


def lookback_of(value: str | float) -> timedelta | float:
    """Return how far is gone back: a length of time, or a number of the watermark's own units."""
    if isinstance(value, str):
        return timedelta(seconds=durations.seconds(value, field="source.lookback") or 0)
    if not 0 < value < 1e15:
        raise InvalidInput("lookback is a length of time, or a number above zero", field="source.lookback")
    return value


def _check_schedule(spec: SourceSpec, now: datetime) -> None:
    try:
        ZoneInfo(spec.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "write it as Asia/Tokyo"
        raise InvalidInput(f"there is no time zone {spec.tz[:100]!r}", field="source.tz", hint=hint) from None
    if not spec.schedule:
        return
    hint = "'0 * * * *' is every full hour, '15m' every quarter of one"
    try:
        found: Any = spec.following(now)
    except (InvalidInput, ValueError, CronSimError) as error:
        what = f"{spec.schedule[:100]!r} is no schedule"
        raise InvalidInput(what, why=str(error), field="source.schedule", hint=hint) from error
    if found is None:
        raise InvalidInput(f"{spec.schedule!r} never comes", field="source.schedule", hint=hint)
    if not is_cron(spec.schedule):
        every = durations.seconds(spec.schedule, field="source.schedule") or 0
        if not MIN_INTERVAL <= every <= 366 * 86400:
            raise InvalidInput("a source is read every second to every year", field="source.schedule")
