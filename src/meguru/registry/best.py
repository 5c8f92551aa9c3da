"""The best versions of a group of models, by one metric."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Literal

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.metrics import find_metric
from meguru.registry import store
from meguru.registry.types import ModelVersion, RankedVersion, RegisteredModel
from meguru.tracking.search.grammar import Clause, read_filter

MAX_SCANNED = 10_000
"""So many versions of a group are looked at, the newest ones."""
_MEGABYTE = 1_000_000
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ATTRIBUTES: dict[str, Callable[[ModelVersion], Any]] = {
    "name": lambda each: each.name,
    "version": lambda each: float(each.version),
    "flavor": lambda each: each.flavor,
    "task": lambda each: each.task or "",
    "stage": lambda each: each.stage,
    "alias": lambda each: each.aliases,
    "size": lambda each: float(each.size),
    "size_mb": lambda each: each.size / _MEGABYTE,
    "created_at": lambda each: each.created_at.isoformat(),
    "created_by": lambda each: each.created_by,
}


@operation("model.best", permission="model:read", query=True)
def best(
    ctx: Context,
    *,
    group: str,
    metric: str,
    query: str = "",
    direction: Literal["", "higher", "lower"] = "",
    limit: int = 10,
) -> list[RankedVersion]:
    """List the best verified versions of a group of models (or of one model) by a metric, the best first.

    Parameters
    ----------
    group
        A use case that models were declared for, or the name of a model.
    metric
        Of those that were measured on the holdout, or that the author gave.
    query
        Comparisons joined by AND: ``size_mb < 50 AND metrics.mae <= 4 AND params.depth = '6' AND flavor =
        'sklearn'``; also `name`, `version`, `task`, `stage`, `alias`, `size` (bytes), `created_at`,
        `created_by`, and ``tags.KEY`` of the model.
    direction
        Whether more is better; known of the metrics that are ours.
    limit
        At most so many.
    """
    which = _direction(metric, direction)
    clauses = read_filter(query, kinds=("metric", "param", "tag", "attribute")) if query.strip() else []
    for clause in clauses:
        _check(clause)
    models = _members(ctx.tx, refs.within(ctx.home, group.removeprefix("model/")), ctx)
    ranked = [
        RankedVersion(version=version, value=version.metrics[metric], baseline=model.baselines.get(metric))
        for version, model in store.of_models(ctx.tx, models, limit=MAX_SCANNED)
        if metric in version.metrics and all(_holds(clause, version, model) for clause in clauses)
    ]
    ranked.sort(key=lambda each: each.value, reverse=which == "higher")
    return ranked[: check_limit(limit)]


def _direction(metric: str, given: str) -> str:
    known = find_metric(metric)
    if given:
        return given
    if known is not None:
        return known.direction
    raise InvalidInput(
        f"whether a higher {metric!r} is better is not known",
        field="direction",
        hint="say direction='higher' or direction='lower'",
    )


def _members(tx: Connection, group: str, ctx: Context) -> list[RegisteredModel]:
    models = store.of_group(tx, group, ctx.visible)
    if not models:
        hint = "meguru model update NAME --group GROUP"
        raise NotFound.of("group", group, store.groups(tx, ctx.visible), hint=hint)
    return models


def _check(clause: Clause) -> None:
    is_known = clause.key in _ATTRIBUTES or find_metric(clause.key) is not None
    if clause.kind == "attribute" and not is_known:
        raise NotFound.of("attribute of a version", clause.key, list(_ATTRIBUTES))
    if clause.sign in {"IN", "NOT IN"} and isinstance(clause.value, float):
        raise InvalidInput(f"{clause.shown} {clause.sign} wants texts", field="query")


def _holds(clause: Clause, version: ModelVersion, model: RegisteredModel) -> bool:
    value = _value(clause, version, model)
    if clause.sign in {"IS NULL", "IS NOT NULL"}:
        return (value is None) == (clause.sign == "IS NULL")
    if value is None:
        return False
    if isinstance(value, list):
        found = [_compare(clause, each) for each in value]
        return all(found) if clause.sign in {"!=", "NOT IN"} else any(found)
    return _compare(clause, value)


def _value(clause: Clause, version: ModelVersion, model: RegisteredModel) -> Any:
    if clause.kind == "metric":
        return version.metrics.get(clause.key)
    if clause.kind == "param":
        found = version.params.get(clause.key)
        return found if found is None or isinstance(found, str) else _plain(found)
    if clause.kind == "tag":
        return model.tags.get(clause.key)
    if clause.key in _ATTRIBUTES:
        return _ATTRIBUTES[clause.key](version)
    return version.metrics.get(clause.key)


def _plain(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else str(value)


def _compare(clause: Clause, value: Any) -> bool:
    wanted = clause.value
    if clause.sign in {"IN", "NOT IN"} and isinstance(wanted, tuple):
        return (str(value) in wanted) == (clause.sign == "IN")
    if clause.sign in {"LIKE", "ILIKE"}:
        both = str(wanted), str(value)
        like, text = (each.casefold() for each in both) if clause.sign == "ILIKE" else both
        return fnmatchcase(text, _pattern(like))
    if isinstance(wanted, float) != isinstance(value, float):
        value, wanted = _text(value), _text(wanted)
    if clause.sign in {"=", "!="}:
        return bool(value == wanted) == (clause.sign == "=")
    return _ORDERS[clause.sign](value, wanted)


def _pattern(like: str) -> str:
    """Write a pattern of LIKE as one of the shell, which is matched without going back and forth."""
    return "".join({"%": "*", "_": "?"}.get(each, f"[{each}]" if each in "*?[" else each) for each in like)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
