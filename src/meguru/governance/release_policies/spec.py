"""The specs of release policies: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import durations
from meguru.base.hours import read_hours, zone_of
from meguru.errors import InvalidInput
from meguru.governance.groups.spec import STORE as GROUPS
from meguru.governance.release_policies import store
from meguru.governance.release_policies.calendar import ends_of
from meguru.governance.release_policies.kind import ReleasePolicySpec, ReviewStage
from meguru.governance.rights import read_table
from meguru.governance.roles.permissions import check_permission
from meguru.governance.roles.show import check_role
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context

MAX_ITEMS, MAX_APPROVALS, MAX_TEXT = 50, 20, 300
READERS = "gate reader"
_PATTERN = re.compile(r"[^\s@]{1,100}")


def find(tx: Connection, name: str) -> ReleasePolicySpec | None:
    """Return the present spec; None if there is no such policy."""
    return next((policy.spec for policy in store.policies(tx) if policy.name == name), None)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all policies: every project shares them."""
    del projects
    return [policy.name for policy in store.policies(tx)]


def check(ctx: Context, name: str, spec: ReleasePolicySpec) -> ReleasePolicySpec:
    """Return the spec in its usual form; refuse what no release could ever meet, and what can't be read."""
    del name
    spec = msgspec.structs.replace(spec, windows=[hour.strip() for hour in spec.hours if hour.strip()])
    for field in ("endpoints", "stages", "gates", "windows", "freezes"):
        if len(getattr(spec, field)) > MAX_ITEMS:
            raise InvalidInput(f"up to {MAX_ITEMS} {field} can be named", field=field)
    _check_endpoints(spec)
    _check_people(ctx, spec)
    for number, text in enumerate(spec.hours):
        _within(f"windows[{number}]", read_hours, text)
    zone = zone_of(spec.zone, field="zone")
    for number, freeze in enumerate(spec.freezes):
        _within(f"freezes[{number}]", ends_of, freeze, zone)
        if len(freeze.why) > MAX_TEXT:
            raise InvalidInput("the reason is too long", field=f"freezes[{number}].why")
    if spec.expires:
        _check_duration(spec.expires, "expires")
    _check_duration(spec.breakglass_within, "breakglass_within")
    if spec.gates:
        provided(READERS).load("release")(ctx.tx, spec.gates, "")
    return spec


def _check_duration(text: str, field: str) -> None:
    durations.seconds(text, field=field)
    # Ten years at most: a moment beyond the year 9999 can't be computed when a release is decided on.
    durations.length(text, field=field)


def _within(place: str, work: Any, *given: Any) -> None:
    """Do some work; what it refuses is named as a field within `place`."""
    try:
        work(*given)
    except InvalidInput as error:
        field = f"{place}.{error.field}" if error.field in {"from", "until"} else place
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None


def _check_endpoints(spec: ReleasePolicySpec) -> None:
    if not spec.endpoints:
        raise InvalidInput("of which endpoints is it asked?", field="endpoints", hint='["*"] is all of them')
    for number, pattern in enumerate(spec.endpoints):
        if not _PATTERN.fullmatch(pattern):
            hint = 'write it like "delay", "risk/*" or "*"'
            raise InvalidInput(
                f"{pattern[:60]!r} names no endpoints", field=f"endpoints[{number}]", hint=hint
            )


def _check_people(ctx: Context, spec: ReleasePolicySpec) -> None:
    plain = ReleasePolicySpec()
    if spec.stages and (spec.approvals, spec.right) != (plain.approvals, plain.right):
        why = "each stage says its own"
        raise InvalidInput("approvals and right are those of the stages", field="approvals", why=why)
    for place, count, least in (
        ("approvals", spec.approvals, 0),
        ("breakglass", spec.breakglass, 1),
        *((f"stages[{n}].approvals", each.approvals, 1) for n, each in enumerate(spec.stages)),
    ):
        if not least <= count <= MAX_APPROVALS:
            raise InvalidInput(f"from {least} to {MAX_APPROVALS} people can be asked", field=place)
    if spec.stages:
        for number, stage in enumerate(spec.stages):
            _check_right(ctx, stage, f"stages[{number}].right")
    else:
        _check_right(ctx, ReviewStage(right=spec.right), "right")


def _check_right(ctx: Context, stage: ReviewStage, field: str) -> None:
    """Refuse a right that nobody can have."""
    kind, slash, name = stage.right.partition("/")
    if len(stage.name) > MAX_TEXT:
        raise InvalidInput("the stage's name is too long", field=field)
    if slash and kind == "group":
        GROUPS.get(ctx.tx, name)
    elif slash and kind == "role":
        check_role(read_table(ctx.tx), name)
    else:
        check_permission(stage.right, field)


def uses(name: str, spec: ReleasePolicySpec) -> list[str]:
    """Return the groups and roles that reviewers are of."""
    del name
    return sorted({stage.right for stage in spec.order if "/" in stage.right})


def save(ctx: Context, name: str, spec: ReleasePolicySpec) -> None:
    """Write the policy: approvals that were given under another one count no more."""
    store.put(ctx.tx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the policy away."""
    store.remove(ctx.tx, name)
