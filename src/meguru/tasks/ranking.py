"""Ranking: the rows of one group are put in order by their scores."""

from __future__ import annotations

from typing import Any, ClassVar

from meguru.errors import InvalidInput
from meguru.tasks.base import Task, number


class Ranking(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows,)``; of the rows of one group the highest comes first.

    Attributes
    ----------
    group
        The column whose equal values make a group, such as a search; empty: all rows are one.
    """

    key: ClassVar[str] = "ranking"
    metrics: ClassVar[tuple[str, ...]] = ("ndcg", "map", "mrr")

    group: str = ""

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema of a relevance or a click."""
        return {"oneOf": [{"type": "number", "minimum": 0}, {"type": "boolean"}]}

    def outcome(self, value: Any) -> float:
        """Return how relevant the row was, 0 or more; a click is 1."""
        found = number(value)
        if found < 0:
            raise InvalidInput("a relevance is 0 or more", field="value", why=f"it is {found:g}")
        return found
