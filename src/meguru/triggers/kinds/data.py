"""Wake when a dataset gets a new version, or enough new rows, or another schema."""

from __future__ import annotations

from typing import ClassVar, Literal

from meguru.base import refs
from meguru.datasets import columns
from meguru.datasets import store as datasets
from meguru.datasets.operations import show
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers import store
from meguru.triggers.kinds.event import ByEvents
from meguru.triggers.types import Trigger

MAX_VERSIONS = 1000


class Data(ByEvents, frozen=True, kw_only=True):
    """``{"data": "flights"}``: every new version of the dataset.

    With `min_new_rows`, once so many rows came since it fired last; with ``"schema": "changed"``, when the
    columns are others than in the version before.
    """

    key: ClassVar[str] = "data"
    names: ClassVar[dict[str, tuple[str, str]]] = {"data": ("dataset", "dataset:read")}

    data: str
    min_new_rows: int | None = None
    schema: Literal["changed"] | None = None

    @property
    def about(self) -> str:  # type: ignore[override]
        """The dataset."""
        return refs.make("dataset", self.data)

    def check(self, ctx: Context) -> None:
        """Refuse a dataset that nobody has."""
        show(ctx, ref=refs.make("dataset", self.data, "latest"))
        if self.min_new_rows is not None and self.min_new_rows < 1:
            raise InvalidInput("min_new_rows is one or more", field="on.min_new_rows")

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of a new version."""
        return type == "dataset_version.created"

    def matches(self, event: Event) -> bool:
        """Tell whether the event is a new version of the dataset."""
        if not self.may_match(event.type):
            return False
        return event.subject.partition("@")[0] == refs.make("dataset", self.data)

    def why_not_enough(self, ctx: Context, trigger: Trigger, event: Event) -> str:
        """Return why a version does not suffice: too few new rows, or the columns of the one before."""
        version = datasets.resolve(ctx.tx, event.subject)
        if self.schema and (why := self._same_columns(ctx, version)):
            return why
        return self._too_few(ctx, trigger, version) if self.min_new_rows else ""

    def _same_columns(self, ctx: Context, version: DatasetVersion) -> str:
        if version.version == 1:
            return ""
        before = self._predecessor(ctx, version)
        if before is None:
            return ""
        changed = columns.changes(before.columns, version.columns, widening=True)
        return "" if changed else f"its columns are those of version {before.version}"

    def _predecessor(self, ctx: Context, version: DatasetVersion) -> DatasetVersion | None:
        """Return the version before; where that was removed the newest older one, if there is one."""
        try:
            return datasets.get(ctx.tx, self.data, version.version - 1)
        except NotFound:
            older = datasets.versions(ctx.tx, self.data, before=version.version, limit=1)
            return next(iter(older), None)

    def _too_few(self, ctx: Context, trigger: Trigger, version: DatasetVersion) -> str:
        since = self._counted_from(ctx, trigger)
        # A version that has fewer rows was not appended to: all that it has is new.
        had = since.rows if since is not None and since.rows <= version.rows else 0
        came = version.rows - had
        if came >= (self.min_new_rows or 0):
            return ""
        place = f" since {since.ref}" if since else ""
        return f"{came} new rows{place}, and it waits for {self.min_new_rows}"

    def _counted_from(self, ctx: Context, trigger: Trigger) -> DatasetVersion | None:
        """Return the version that it fired for last; at first, the newest when it was declared."""
        for subject in store.subjects_of(ctx.tx, trigger.name, self.about):
            try:
                return datasets.resolve(ctx.tx, subject)
            except NotFound:
                continue
        # Not `created_at`: a trigger that was changed to wait for this dataset counts from that change on.
        declared = events.read(ctx.tx, after=trigger.created_seq - 1, limit=1)
        since = declared[0].at if declared else trigger.created_at
        recent = datasets.versions(ctx.tx, self.data, before=None, limit=MAX_VERSIONS)
        return next((version for version in recent if version.created_at <= since), None)
