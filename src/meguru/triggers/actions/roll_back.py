"""Put the release before the live one back."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.kernel.operations import Context
from meguru.releases.operations import rollback
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.job import enqueue_operation


class RollBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"rollback": "delay"}``: the release that was live before answers again, if it still works."""

    key: ClassVar[str] = "rollback"
    names: ClassVar[dict[str, tuple[str, str]]] = {"rollback": ("endpoint", "release:promote")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    rollback: str

    def check(self, ctx: Context) -> None:
        """Refuse an endpoint that nobody declared."""
        show_endpoint(ctx, name=self.rollback)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Promise the rollback."""
        arguments = {"endpoint": self.rollback, "reason": f"trigger/{occasion.trigger}"}
        return enqueue_operation(ctx, occasion, rollback, arguments)
