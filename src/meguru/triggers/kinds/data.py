"""Wake when a dataset gets a new version."""

from __future__ import annotations

from typing import ClassVar

from meguru.base import refs
from meguru.datasets.operations import show
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers.kinds.event import ByEvents


class Data(ByEvents, frozen=True, kw_only=True):
    """``{"data": "flights"}``: every new version of the dataset."""

    key: ClassVar[str] = "data"
    names: ClassVar[dict[str, tuple[str, str]]] = {"data": ("dataset", "dataset:read")}

    data: str

    @property
    def about(self) -> str:  # type: ignore[override]
        """The dataset."""
        return refs.make("dataset", self.data)

    def check(self, ctx: Context) -> None:
        """Refuse a dataset that nobody has."""
        show(ctx, ref=refs.make("dataset", self.data, "latest"))

    def may_match(self, type: str) -> bool:
        """Tell whether the type is that of a new version."""
        return type == "dataset_version.created"

    def matches(self, event: Event) -> bool:
        """Tell whether the event is a new version of the dataset."""
        if not self.may_match(event.type):
            return False
        return event.subject.partition("@")[0] == refs.make("dataset", self.data)
