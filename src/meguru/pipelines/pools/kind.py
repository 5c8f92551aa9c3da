"""Pools, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class PoolSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pool as people declare it: how many steps may hold a place of it at a time; 0 lets none begin."""

    slots: int


@event_type("pool.created", label="pool made", sentence="{subject} was declared", explains=True)
class PoolCreated(Payload, frozen=True):
    """A pool was declared, with this spec."""

    slots: int


@event_type(
    "pool.updated", label="pool changed", sentence="the declaration of {subject} was changed", explains=True
)
class PoolUpdated(Payload, frozen=True):
    """Fields of a pool's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type(
    "pool.retired", label="pool retired", sentence="{subject} was retired", tone=Tone.ODD, explains=True
)
class PoolRetired(Payload, frozen=True):
    """A pool was taken away; pipelines whose steps name it can't start."""


@event_type("pool.set", label="pool set", sentence="{subject} was set", explains=True)
class PoolSet(Payload, frozen=True):
    """In older logs: a pool was made (`before` is None) or changed."""

    slots: int
    before: int | None


@event_type("pool.removed", label="pool removed", sentence="{subject} was removed", explains=True)
class PoolRemoved(Payload, frozen=True):
    """In older logs: a pool was taken away."""

    slots: int


POOL = Kind(
    name="pool",
    title=("pool", "pools"),
    shared=True,
    tables=("meguru.pipelines.pools.schema",),
    operations=("meguru.pipelines.pools.operations",),
    events=(PoolCreated, PoolUpdated, PoolRetired, PoolSet, PoolRemoved),
    grants={"engineer": ("*",)},
    spec=PoolSpec,
    spec_store="meguru.pipelines.pools.spec",
)
