"""What every action of a trigger promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from meguru.errors import Forbidden, InvalidInput, MeguruError
from meguru.kernel import events
from meguru.kernel.operations import Context, Operation
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace
from meguru.triggers import operations as triggers
from meguru.triggers.actions import Action, Occasion
from meguru.triggers.delegation import needed_permissions
from meguru.triggers.parse import action_of

ON = {"event": "model_version.registered"}


class ActionContract:
    """Subclass it, with `spec`, a fixture `world` in which it can start, and what it is about by hand."""

    spec: ClassVar[dict[str, Any]]
    subject: ClassVar[str] = ""
    missing: ClassVar[dict[str, Any]] = {}
    """The same, of something that is not there; empty when it names nothing."""

    @pytest.fixture
    def world(self) -> Workspace:
        """Return a workspace in which the action can start."""
        raise NotImplementedError

    @pytest.fixture
    def trigger(self, world: Workspace) -> Iterator[str]:
        """Give a trigger that does it."""
        name = f"act-{type(self).__name__.lower()}"
        triggers.create(world, name=name, on=ON, action=self.spec)
        yield name
        triggers.specs.retire(world, name=name)

    def test_it_is_recognised_by_its_field(self) -> None:
        action: Action = action_of(self.spec)
        assert action.key in self.spec
        assert hasattr(action, action.key)

    def test_a_field_that_it_does_not_have_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="sorrt"):
            action_of(self.spec | {"sorrt": 1})

    def test_what_is_not_there_is_refused_when_it_is_declared(self, world: Workspace) -> None:
        if self.missing:
            with pytest.raises(MeguruError):
                triggers.create(world, name="act-missing", on=ON, action=self.missing)

    def test_nobody_has_it_done_who_lacks_one_of_its_permissions(self, world: Workspace) -> None:
        wanted = {permission for permission, _ in needed_permissions(action_of(self.spec))}
        for lacking in wanted:
            held = frozenset({"trigger:*", "*:read", "pipeline:deploy", *wanted} - {lacking})
            half = world.with_(principal=Principal(name="half", permissions=held))
            with pytest.raises(Forbidden) as refused:
                triggers.create(half, name="act-half", on=ON, action=self.spec)
            assert refused.value.lacks == lacking

    def test_it_says_what_it_started(self, world: Workspace, trigger: str) -> None:
        done = triggers.fire(world, name=trigger, subject=self.subject)
        assert done.state == "fired"
        assert "/" in done.started

    def test_what_it_wrote_goes_when_the_firing_is_undone(self, world: Workspace, trigger: str) -> None:
        def start(ctx: Context) -> None:
            told = ctx.emit("trigger.paused", f"trigger/{trigger}", data={"reason": "to be undone"})
            occasion = Occasion(trigger=trigger, key=f"{trigger}:undone", subject=self.subject)
            action_of(self.spec).start(ctx.with_(cause=told.id), occasion)
            raise KeyboardInterrupt

        with world.read() as tx:
            before = events.head(tx)
        with pytest.raises(KeyboardInterrupt):
            Operation(start, "test.undone", "test:write", query=False, evented=True)(world)
        with world.read() as tx:
            assert events.head(tx) == before
