"""Record the result of a comparison of served values with the offline truth."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints

_MAX_CAUSES = 200


@operation(
    "endpoint.keep_parity",
    permission="endpoint:write",
    on="endpoint",
    refers={"endpoint": "endpoint", "release": "release"},
)
def keep_parity(
    ctx: Context,
    *,
    endpoint: str,
    release: str,
    rows: int,
    values: int,
    differing: int,
    causes: dict[str, str],
) -> None:
    """Keep that so many values of views were compared with the truth, and how many differ.

    `causes` are by feature. See `meguru.serving.features.parity.parity`, which compares.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    found = endpoints.get(ctx.tx, name)
    if min(rows, values, differing) < 0 or differing > values:
        raise InvalidInput("these are no counts", field="differing", why=f"{differing} of {values}")
    live = found.live
    if live is None or live.features is None or live.release_ref != release:
        raise InvalidInput(f"{release[:200]} is not live at {name!r}", field="release")
    kept = dict(list(causes.items())[:_MAX_CAUSES])
    ctx.emit(
        "endpoint.parity_checked",
        refs.make("endpoint", name),
        data={
            "release": release,
            "rows": rows,
            "values": values,
            "differing": differing,
            "causes": {feature[:200]: cause[:40] for feature, cause in kept.items()},
        },
        used=[release, *live.features.views],
    )
