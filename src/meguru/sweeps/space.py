"""What a sweep looks through: read from text, checked, and laid out as a grid."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.sweeps.types import Choice, Scalar, Space, Uniform, Whole

MAX_PARAMS = 50
MAX_CHOICES = 200
MAX_GRID_POINTS = 10_000
_KINDS = ("uniform", "loguniform", "int", "logint", "choice")
_HINT = (
    "write uniform:0..1, uniform:0..1:0.1, loguniform:1e-4..1e-1, int:2..10, int:8..64:8, logint:1..1000 "
    "or choice:a,b"
)


_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_LIKE_A_RANGE = re.compile(
    rf"(?P<kind>[a-z_]\w*):{_NUMBER}\.\.{_NUMBER}(?::{_NUMBER})?", re.ASCII | re.IGNORECASE
)


def read(params: Mapping[str, Any], lists: Container[str] = ()) -> tuple[dict[str, Space], dict[str, Any]]:
    """Sort what a user wrote into what is searched, and what is the same in all trials.

    Text such as ``loguniform:1e-4..1e-1`` and lists are searched (a list is a choice, unless the parameter
    is one of `lists`, which take a list as their value); anything else is a fixed value.
    """
    space: dict[str, Space] = {}
    fixed: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Uniform | Whole | Choice):
            space[name] = value
        elif isinstance(value, list | tuple) and name not in lists:
            space[name] = Choice(values=list(value))
        elif isinstance(value, str) and value.partition(":")[0] in _KINDS and ":" in value:
            space[name] = from_text(name, value)
        elif isinstance(value, str) and (seen := _LIKE_A_RANGE.fullmatch(value)):
            raise _unknown_kind(name, seen["kind"])
        else:
            fixed[name] = value
    return space, fixed


def from_text(name: str, text: str) -> Space:
    """Read one range, as in ``int:2..10``.

    Raises
    ------
    InvalidInput
        If it can't be understood; the message shows how ranges are written.
    """
    kind, _, rest = text.partition(":")
    if kind == "choice":
        return Choice(values=[_scalar(part.strip()) for part in rest.split(",")])
    range_, _, step = rest.partition(":")
    low, dots, high = range_.partition("..")
    try:
        if not dots or kind not in _KINDS or (step and kind.startswith("log")):
            raise ValueError(rest)
        if kind in {"int", "logint"}:
            return Whole(low=int(low), high=int(high), step=int(step or 1), log=kind == "logint")
        return Uniform(
            low=float(low), high=float(high), step=float(step) if step else None, log=kind == "loguniform"
        )
    except ValueError as error:
        raise InvalidInput(f"{name}={text[:100]!r} is no range", field=name, hint=_HINT) from error


def check(space: Mapping[str, Space]) -> None:
    """Raise InvalidInput unless there is something to search, and each range holds something."""
    if not 1 <= len(space) <= MAX_PARAMS:
        raise InvalidInput(
            "nothing to search" if not space else f"{len(space)} parameters are too many to search",
            why=f"1 to {MAX_PARAMS} can be",
            hint=_HINT,
            field="space",
        )
    for name, one in space.items():
        why = _fault(one)
        if why:
            raise InvalidInput(f"{name} can't be searched", why=why, hint=_HINT, field=f"space.{name}")


def points_of(one: Space) -> list[Scalar] | None:
    """Return all values of a parameter; None if it has more than a grid can hold."""
    if isinstance(one, Choice):
        return list(one.values)
    if isinstance(one, Whole):
        return list(range(one.low, one.high + 1, one.step)) if _count(one) <= MAX_GRID_POINTS else None
    if one.step is None or _count(one) > MAX_GRID_POINTS:
        return None
    return [float(f"{one.low + n * one.step:.12g}") for n in range(_count(one))]


def grid_size(space: Mapping[str, Space]) -> int:
    """Return the number of points of the grid.

    Raises
    ------
    InvalidInput
        If a parameter has no finite number of values, or there are too many points.
    """
    size = 1
    for name, one in space.items():
        values = points_of(one)
        if values is None:
            raise InvalidInput(
                f"{name} can't be laid out as a grid",
                why="it has no small number of values",
                hint=f"give it a step ({name}=uniform:0..1:0.1) or a choice, or take another sampler",
                field=f"space.{name}",
            )
        size *= len(values)
    if size > MAX_GRID_POINTS:
        raise InvalidInput(
            f"the grid has {size:,} points",
            why=f"{MAX_GRID_POINTS:,} at most",
            field="space",
            hint="widen a step",
        )
    return size


def grid_point(space: Mapping[str, Space], number: int) -> dict[str, Scalar]:
    """Return a point of the grid; the last parameter changes fastest."""
    names = sorted(space)
    product = itertools.product(*(points_of(space[name]) or [] for name in names))
    return dict(zip(names, next(itertools.islice(product, number, None)), strict=True))


def samples(space: Mapping[str, Space]) -> Iterator[dict[str, Scalar]]:
    """Yield points that show the types and the ends of every range."""
    yield {name: one.values[0] if isinstance(one, Choice) else one.low for name, one in space.items()}
    yield {name: one.values[-1] if isinstance(one, Choice) else one.high for name, one in space.items()}
    for name, one in space.items():
        if isinstance(one, Choice):
            yield from ({name: value} for value in one.values)


def _unknown_kind(name: str, kind: str) -> InvalidInput:
    near = near_misses(kind, _KINDS)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return InvalidInput(
        f"{name}: {kind[:100]!r} is no kind of range",
        why=f"the kinds are {', '.join(_KINDS)}",
        hint=hint + _HINT,
        field=name,
    )


def _count(one: Uniform | Whole) -> int:
    step = one.step or 1
    return math.floor((one.high - one.low) / step + 1e-9) + 1


def _fault(one: Space) -> str:
    try:
        return _fault_of(one)
    except OverflowError:  # whole numbers have no largest one, and a small step makes any number of points
        return "its ends are too large, or its step is too small"


def _fault_of(one: Space) -> str:
    if isinstance(one, Choice):
        distinct = {msgspec.json.encode(value) for value in one.values}
        if len(distinct) != len(one.values):
            return "a value is there twice"
        return "" if 1 <= len(one.values) <= MAX_CHOICES else f"a choice is of 1 to {MAX_CHOICES} values"
    if not (math.isfinite(one.low) and math.isfinite(one.high) and one.low <= one.high):
        return f"{one.low}..{one.high} is empty"
    if one.log and one.low <= 0:
        return "a logarithmic range begins above 0"
    if one.step is not None and one.step <= 0:
        return "a step is more than 0"
    _count(one)
    return "a logarithmic range has no steps" if one.log and one.step not in {None, 1} else ""


def _scalar(text: str) -> Scalar:
    try:
        found: Scalar = msgspec.json.decode(text, type=Scalar)
    except msgspec.MsgspecError:
        return text
    return found
