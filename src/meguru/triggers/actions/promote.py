"""Promote a release that passed its gates."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.operations import Context
from meguru.releases import store
from meguru.releases.operations import promote
from meguru.releases.types import ReleaseState
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.job import enqueue_operation


class PromoteRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"promote": "delay"}``: the release that the event is about, or the newest that passed."""

    key: ClassVar[str] = "promote"
    names: ClassVar[dict[str, tuple[str, str]]] = {"promote": ("endpoint", "release:promote")}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = True

    promote: str

    def check(self, ctx: Context) -> None:
        """Refuse an endpoint that nobody declared."""
        show_endpoint(ctx, name=self.promote)

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Promise the promotion; its gates must have let it pass by then."""
        arguments = {"release": self._release(ctx, occasion), "reason": f"trigger/{occasion.trigger}"}
        return enqueue_operation(ctx, occasion, promote, arguments)

    def _release(self, ctx: Context, occasion: Occasion) -> str:
        name = refs.parse(self.promote, kind="endpoint").name
        asked = occasion.subject or (occasion.event.subject if occasion.event else "")
        if asked.startswith(refs.make("release", name) + "@"):
            return asked
        passed = store.newest_in_state(ctx.tx, name, ReleaseState.PASSED)
        if passed is None:
            raise NotFound(
                f"no release of {name} has passed its gates and waits",
                where=refs.make("endpoint", name),
                hint=f"see: meguru release list {name}",
            )
        return passed.ref
