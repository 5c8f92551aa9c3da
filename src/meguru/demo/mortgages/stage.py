"""Where the example plays: the workspace, its clock, and what was said by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from meguru.alerts.follow import AlertFollower
from meguru.base.clock import FixedClock
from meguru.demo.mortgages.account import AccountChapter, AccountLine
from meguru.demo.mortgages.people import as_
from meguru.errors import MeguruError
from meguru.kernel.workspace import Workspace

MINUTE = timedelta(minutes=1)


@dataclass
class DemoStage:
    """The workspace and the account of what happens in it; each deed takes a minute of the moved clock."""

    ws: Workspace
    clock: FixedClock
    folder: Path
    tell: Callable[[AccountChapter], None]
    chapters: list[AccountChapter] = field(default_factory=list)
    facts: dict[str, float | int | str | bool] = field(default_factory=dict)
    _lines: list[AccountLine] = field(default_factory=list)

    def as_(self, name: str) -> Workspace:
        """Return the workspace as somebody works in it, a minute later."""
        self.clock.move(MINUTE)
        return as_(self.ws, name)

    def say(self, who: str, did: str, said: str, command: str = "") -> None:
        """Write a line."""
        self._lines.append(AccountLine(who=who, did=did, said=said, command=command))

    @contextmanager
    def chapter(self, name: str, title: str) -> Iterator[None]:
        """Collect the lines of a chapter, and tell it."""
        yield
        done = AccountChapter(name=name, title=title, at=self.clock.now(), lines=self._lines)
        self._lines = []
        self.chapters.append(done)
        self.tell(done)

    def refused(self, work: Callable[[], object]) -> str:
        """Return how the system refused something; that it does so is a part of the story."""
        try:
            work()
        except MeguruError as error:
            return f"{error.what}: {error.why}" if error.why else error.what
        message = "the example expects a refusal here"
        raise AssertionError(message)

    def look(self) -> None:
        """Let alerts follow the log, as a server does."""
        AlertFollower(self.ws).step()
