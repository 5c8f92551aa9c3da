"""Validation of what is declared of features: lengths, counts, names of columns, references to features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from meguru.errors import InvalidInput

MAX_FEATURES = 1000
"""Features of a view, and members of a service."""
MAX_KEYS = 16
MAX_SOURCES = 50
_MAX_TEXTS = {"description": 100_000, "owner": 200}
_MAX_NAME = 200
_MAX_QUERY = 100_000


class NamedFeature(NamedTuple):
    """A member of a service, or an input of a view, as it is written: ``view[@version][:feature]``."""

    view: str
    feature: str

    @property
    def is_pinned(self) -> bool:
        """Whether it names a version."""
        return "@" in self.view and not self.view.endswith("@latest")


def parse_member(text: str, *, field: str) -> NamedFeature:
    """Take ``weather:temp`` apart.

    Raises
    ------
    InvalidInput
        If it is not so written.
    """
    view, colon, feature = text.removeprefix("feature_view/").partition(":")
    if not view or (colon and not feature) or len(text) > 2 * _MAX_NAME:
        hint = "write weather, weather:temp or weather@2:temp"
        raise InvalidInput(f"{text[:80]!r} names no view", field=field, hint=hint)
    return NamedFeature(view, feature)


def check_texts(spec: Any) -> None:
    """Refuse what is too long among what people say beside the definition."""
    for field, longest in _MAX_TEXTS.items():
        if len(getattr(spec, field)) > longest:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {longest:,} characters")
    check_columns(spec.tags, field="tags", most=MAX_FEATURES)
    if len(getattr(spec, "sql", "")) > _MAX_QUERY:
        why = f"up to {_MAX_QUERY:,} characters"
        raise InvalidInput("the query is too long", field="sql", why=why)


def check_columns(names: Iterable[str], *, field: str, most: int) -> None:
    """Refuse too many names, names that are none, and the same one twice."""
    listed = list(names)
    if len(listed) > most or any(not 0 < len(each) <= _MAX_NAME for each in listed):
        why = f"up to {most:,}, of up to {_MAX_NAME} characters each"
        raise InvalidInput(f"these are no {field}", field=field, why=why)
    twice = {each for each in listed if listed.count(each) > 1} if len(set(listed)) < len(listed) else set()
    if twice:
        raise InvalidInput(f"{min(twice)!r} stands twice among the {field}", field=field)
