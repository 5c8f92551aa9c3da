"""The permissions that exist: a role, a token or a grant that names another is told so."""

from __future__ import annotations

import re
from functools import cache

from meguru.errors import InvalidInput, near_misses
from meguru.kernel.kinds import kinds
from meguru.kernel.kinds.kind import load
from meguru.kernel.operations import registered

BESIDE = frozenset(
    {
        "blob:read",
        "blob:write",
        "endpoint:predict",
        "event:cite",
        "run:admin",
        "status:read",
    }
)
"""What is asked for by doors, within operations and by those of no kind, beside what the kinds' own need."""
OWN = re.compile(r"release:approve[-_.][a-z0-9][a-z0-9_-]{0,40}")
"""Rights of one's own, that stages of a review ask for."""
ALL = "*"


def check_permission(permission: str, field: str) -> str:
    """Return a permission, or a pattern of permissions, that there is.

    Raises
    ------
    InvalidInput
        With permissions that look like it, if nothing is called so.
    """
    if permission == ALL or OWN.fullmatch(permission):
        return permission
    noun, colon, verb = permission.partition(":")
    known = permissions()
    fitting = [each for each in known if _fits(each, noun, verb)]
    if colon and fitting:
        return permission
    spelt = [
        *known,
        *{f"{each.partition(':')[0]}:*" for each in known},
        *{f"*:{each.partition(':')[2]}" for each in known},
    ]
    close = near_misses(permission, spelt)
    raise InvalidInput(
        f"there is no permission {permission[:100]!r}",
        field=field,
        why="a permission is noun:verb, noun:*, *:verb or *",
        hint=f"did you mean {close[0]!r}?" if close else "see docs/reference/operations.md",
    )


def permissions() -> frozenset[str]:
    """Return every permission that something asks for."""
    return _permissions(tuple(kinds()))


@cache
def _permissions(known: tuple[str, ...]) -> frozenset[str]:
    # Made anew when more kinds were loaded since: a command may have loaded only what it calls.
    internal = set()
    for name in known:
        kind = kinds()[name]
        for module in kind.operations:
            load(module)
        internal |= {f"{name}:{verb}" for verbs in kind.grants.values() for verb in verbs if verb != ALL}
        internal |= {f"{name}:{verb}" for verb in kind.reserved_aliases.values()}
    return frozenset({each.permission for each in registered().values()} | internal | BESIDE)


def _fits(permission: str, noun: str, verb: str) -> bool:
    its_noun, _, its_verb = permission.partition(":")
    return noun in {ALL, its_noun} and verb in {ALL, its_verb}
