"""The read plan of an online request: which views are read, by which keys, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from meguru.errors import InvalidInput, near_misses
from meguru.features.online.lookup import Key

if TYPE_CHECKING:
    from meguru.features.online.online_view import OnlineView

MAX_ENTITIES = 10_000


class Picked(NamedTuple):
    """A feature that is answered: of which view and at which place in it, and what it is called."""

    view: int
    feature: int
    name: str
    full_name: str


class AnswerShape(NamedTuple):
    """What an answer says of its features: names, their places in the views, versions of views, types."""

    names: list[str]
    places: list[tuple[str, int, int]]
    views: dict[str, str]
    types: dict[str, str]


class ReadPlan:
    """The views of one question, each once.

    Attributes
    ----------
    views
        The versions that are read.
    picked
        What is answered, in the order in which it was asked for.
    keys
        The join keys of all views, each once.
    projects, personal
        In which the one who asks must be allowed to; and to see personal columns in clear.
    """

    __slots__ = ("_answered", "_by_view", "_shared", "keys", "personal", "picked", "projects", "views")

    def __init__(
        self,
        views: Sequence[OnlineView],
        picked: Sequence[Picked],
        projects: frozenset[str],
        personal: frozenset[str] = frozenset(),
    ) -> None:
        self.views, self.picked = list(views), list(picked)
        self.projects, self.personal = projects, personal
        self.keys = list(dict.fromkeys(name for view in views for name in view.keys.names))
        self._by_view = [view.keys.names for view in views]
        self._answered: dict[bool, AnswerShape] = {}
        # Views with the same keys of the same types share the bytes of these: they are encoded once a
        # request.
        shapes = [list(view.keys.types.items()) for view in views]
        self._shared = [shapes.index(shape) for shape in shapes]

    def names(self, *, full: bool) -> list[str]:
        """Return what the features are called in an answer.

        Raises
        ------
        InvalidInput
            If two of them have one name.
        """
        found = [one.full_name if full else one.name for one in self.picked]
        if len(set(found)) < len(found):
            twice = next(name for name in found if found.count(name) > 1)
            views = " and ".join(self.views[one.view].ref for one in self.picked if one.name == twice)
            hint = "ask for full names: view__feature"
            raise InvalidInput(f"two features are called {twice!r}", field="features", why=views, hint=hint)
        return found

    def answered(self, *, full: bool) -> AnswerShape:
        """Return what an answer says of its features; see `names`."""
        if full not in self._answered:
            names = self.names(full=full)
            of = {name: self.views[one.view] for name, one in zip(names, self.picked, strict=True)}
            self._answered[full] = AnswerShape(
                names,
                [(name, one.view, one.feature) for name, one in zip(names, self.picked, strict=True)],
                {name: view.ref for name, view in of.items()},
                {n: of[n].spelled[one.feature] for n, one in zip(names, self.picked, strict=True)},
            )
        return self._answered[full]

    def count(self, entities: Mapping[str, Sequence[Any]]) -> int:
        """Return how many entities are asked for; refuse columns that do not go together.

        Raises
        ------
        InvalidInput
            If a key is missing, or they have different lengths, or there are too many.
        """
        for name in self.keys:
            if name not in entities:
                close = near_misses(name, entities)
                why = f"it is {', '.join(map(repr, close))} in the request" if close else ""
                raise InvalidInput(f"the entities have no {name!r}", field=f"entities.{name}", why=why)
        lengths = {len(entities[name]) for name in self.keys}
        if len(lengths) > 1:
            raise InvalidInput("the columns of the entities have different lengths", field="entities")
        found = lengths.pop() if lengths else 0
        if found > MAX_ENTITIES:
            why = f"{found:,} of at most {MAX_ENTITIES:,}"
            raise InvalidInput("too many entities are asked for at once", field="entities", why=why)
        return found

    def keys_of(self, entities: Mapping[str, Sequence[Any]], count: int) -> list[list[Key]]:
        """Return for each view the keys of the entities."""
        found: list[list[Key]] = []
        for number, (view, names) in enumerate(zip(self.views, self._by_view, strict=True)):
            if not view.stored:
                found.append([None] * count)
            elif (first := self._shared[number]) < number and self.views[first].stored:
                found.append(found[first])
            else:
                found.append(view.keys.of_values([entities[name] for name in names]))
        return found
