"""Features declared in Python: ``features.py`` in the folder of a project says the same as ``meguru.toml``.

What is declared is a value with a name; `meguru plan` runs the file and takes the values it finds. A function
that was marked stays the plain function when it is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any

from meguru.errors import InvalidInput

Place = tuple[str, int]


class Entity:
    """What values are about.

    Parameters
    ----------
    name
        Its name.
    key
        The column that tells one from another, or several that do so together.
    description, owner, tags
        What people want to know of it.

    Examples
    --------
    >>> Entity("card", key=["card_id", "shop_id"]).said
    {'key': ['card_id', 'shop_id']}
    """

    section = "entity"

    def __init__(
        self,
        name: str,
        *,
        key: str | Sequence[str],
        description: str = "",
        owner: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        self.name, self.place = name, _caller()
        listed = [key] if isinstance(key, str) else list(key)
        self.said = _without_empty(key=listed, description=description, owner=owner, tags=list(tags))


class FeatureView:
    """Values of an entity over time, as a dataset has them or a query makes them; `feature_view` takes code.

    Parameters
    ----------
    name
        Its name.
    entity
        One or several entities, or their names.
    function
        What makes the rows; see `feature_view`.
    **said
        As in ``[feature_view.NAME]`` of a project file: ``source="weather"``, ``sql=…``, ``time=…``.
    """

    section = "feature_view"

    def __init__(
        self,
        name: str,
        *,
        entity: Entity | str | Sequence[Entity | str] = (),
        function: Callable[..., Any] | None = None,
        **said: Any,
    ) -> None:
        self.name, self.function, self.place = name, function, _caller()
        listed = [entity] if isinstance(entity, Entity | str) else list(entity)
        names = [each.name if isinstance(each, Entity) else each for each in listed]
        self.said = _without_empty(entity=names, **said)
        if function is not None:
            update_wrapper(self, function)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the plain function."""
        if self.function is None:
            raise InvalidInput(f"feature view {self.name!r} has no function")
        return self.function(*given, **named)

    def __getitem__(self, feature: str) -> str:
        """Name a single feature, for a service or another view's inputs: ``weather["temp"]``."""
        return f"{self.name}:{feature}"

    def __str__(self) -> str:
        return self.name


class FeatureService:
    """The features that a model eats.

    Parameters
    ----------
    name
        Its name.
    views
        Views, single features (``weather["temp"]``), or their names, in their order.
    full_names
        Whether columns are called ``view__feature``.
    description, owner, tags
        What people want to know of it.
    """

    section = "feature_service"

    def __init__(
        self,
        name: str,
        *,
        views: Sequence[FeatureView | str],
        full_names: bool = False,
        description: str = "",
        owner: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        self.name, self.place = name, _caller()
        listed = [str(view) for view in views]
        self.said = _without_empty(
            views=listed, full_names=full_names, description=description, owner=owner, tags=list(tags)
        )


def feature_view(
    *, entity: Entity | str | Sequence[Entity | str], name: str = "", **said: Any
) -> Callable[[Callable[..., Any]], FeatureView]:
    """Declare a feature view whose rows a function makes: from the frames of its sources to one frame.

    The name is the function's unless it is said; what else is said is as in ``[feature_view.NAME]``.
    """

    def mark(function: Callable[..., Any]) -> FeatureView:
        return FeatureView(name or function.__name__, entity=entity, function=function, **said)

    return mark


def on_demand(
    *,
    features: Mapping[str, str],
    inputs: Sequence[FeatureView | str] = (),
    request: Mapping[str, str] | None = None,
    name: str = "",
    **said: Any,
) -> Callable[[Callable[..., Any]], FeatureView]:
    """Declare features that a function computes when somebody asks, the same offline and online.

    Parameters
    ----------
    features
        What it returns: types by name.
    inputs
        Views, or single features, whose values it takes.
    request
        Types by name of the fields that come with the question.
    name
        By default that of the function.
    **said
        ``mode="row"`` for a function from one row to one row, both dicts; by default it takes and returns
        frames.
    """

    def mark(function: Callable[..., Any]) -> FeatureView:
        listed = [str(each) for each in inputs]
        return FeatureView(
            name or function.__name__,
            function=function,
            features=dict(features),
            inputs=listed,
            request=dict(request or {}),
            **said,
        )

    return mark


def _without_empty(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value not in ("", [], {}, (), None, False)}


def _caller() -> Place:
    """Return the place in the user's code."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else (__file__, 1)
