"""Pools, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, Payload, event_type, spec_events


class PoolSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pool as people declare it: how many steps may hold a place of it at a time; 0 lets none begin."""

    slots: int


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
    events=(
        *spec_events(
            "pool", PoolSpec, retired="A pool was taken away; pipelines whose steps name it can't start."
        ),
        PoolSet,
        PoolRemoved,
    ),
    grants={"engineer": ("*",)},
    spec=PoolSpec,
    spec_store="meguru.pipelines.pools.spec",
)
