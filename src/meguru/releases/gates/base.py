"""What a gate promises, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

from meguru.flavors.bundle import Bundle
from meguru.releases.types import GateResult


@dataclass(frozen=True, kw_only=True)
class Side:
    """A model version on trial; `digest` is of what predicts, `open` loads it, at most once."""

    ref: str
    digest: str
    open: Callable[[], Bundle]

    @cached_property
    def bundle(self) -> Bundle:
        """The loaded model with its evidence."""
        return self.open()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The challenger, and the champion it would replace at the endpoint; None when nothing is live."""

    endpoint: str
    challenger: Side
    champion: Side | None = None


class Gate(Protocol):
    """An automatic check: a frozen struct, read from the endpoint's gates.

    Judging changes nothing, and the same trial always gets the same result: whatever is random is seeded
    from the models' digests. A MeguruError raised while judging counts as a failed gate with that reason.
    """

    key: ClassVar[str]

    def check(self) -> None:
        """Raise InvalidInput, naming the field, if the options make no sense."""
        ...

    def judge(self, trial: Trial) -> GateResult:
        """Return the verdict, with what was measured and the reason in a sentence."""
        ...
