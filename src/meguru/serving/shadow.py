"""Shadow models: other versions that score requests without answering them."""

from sqlalchemy import Connection

from meguru.base.refs import parse
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models
from meguru.registry.lookups import newest_known_model
from meguru.serving import store
from meguru.serving.health import observed
from meguru.serving.types import Endpoint

MAX_SHADOWS = 4


@operation("endpoint.shadow", permission="endpoint:write", on="name", refers={"refs": "model"})
def shadow(ctx: Context, *, name: str, refs: list[str]) -> Endpoint:
    """Set the model versions that score an endpoint's requests without answering them; none stops it."""
    endpoint = store.lock(ctx.tx, name)
    check_shadow(ctx.tx, refs, model=endpoint.model)
    if endpoint.shadow == refs:
        return observed(ctx.tx, [endpoint], ctx.now())[0]
    store.set_shadow(ctx.tx, name, refs)
    data = {"shadow": refs, "before": endpoint.shadow}
    ctx.emit("endpoint.shadowed", f"endpoint/{name}", data=data)
    return observed(ctx.tx, [store.get(ctx.tx, name)], ctx.now())[0]


def check_shadow(tx: Connection, shadow: list[str], *, model: str) -> None:
    """Refuse what does not name verified versions of models that do what an endpoint's model does."""
    served = newest_known_model(tx, model) if shadow else None
    if len(shadow) > MAX_SHADOWS:
        raise InvalidInput(f"{MAX_SHADOWS} versions may shadow an endpoint", field=f"shadow[{MAX_SHADOWS}]")
    for index, ref in enumerate(shadow):
        field = f"shadow[{index}]"
        parsed = parse(ref)
        if parsed.kind != "model" or not (parsed.version or "").isdecimal():
            raise InvalidInput(
                f"{ref[:200]!r} names no version of a model", hint="write model/NAME@3", field=field
            )
        if ref in shadow[:index]:
            raise InvalidInput(f"{ref!r} is named twice", field=field)
        version = models.resolve_verified(tx, ref)
        if served and version.task != served.task.key:
            raise InvalidInput(
                f"{ref} has the task {version.task}, and {served.ref} {served.task.key}",
                why="nobody could compare what they say",
                hint="let a version with the same task score along",
                field=field,
            )
