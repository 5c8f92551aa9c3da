"""Register versions of views and services: the same again is the version it was."""

from __future__ import annotations

from meguru.artifacts import trees
from meguru.base import digests, refs
from meguru.base.names import check_full_name
from meguru.errors import InvalidInput
from meguru.features import derived, renew, store
from meguru.features.types import FeatureCode, FeatureViewVersion, ViewDefinition
from meguru.kernel.operations import Context, operation


def register_view(ctx: Context, name: str, definition: ViewDefinition) -> int:
    """Make a definition the one that a view has now, as its next version unless an earlier one is the same.

    Services that read the view get a next version too.
    """
    digest = definition.digest
    # A definition that comes back is the version it was: models that were trained with it are current again.
    number = store.number_of(ctx.tx, "feature_view", name, digest)
    if number is None:
        number = store.next_number(ctx.tx, "feature_view", name)
        version = FeatureViewVersion(
            ref=refs.make("feature_view", name, number),
            name=name,
            version=number,
            digest=digest,
            definition=definition,
            features=definition.features or derived.features_of(ctx, name, definition),
            created_at=ctx.now(),
            created_by=ctx.principal.name,
        )
        store.add_version(ctx.tx, "feature_view", version)
        data = {"digest": digest, "form": definition.form, "entities": definition.entities}
        used = [refs.make("feature_view", name, number - 1)] if number > 1 else []
        ctx.emit("feature_view.registered", version.ref, data=data, used=used, produced=[version.ref])
    if number != store.latest(ctx.tx, "feature_view", name):
        store.point_at(ctx.tx, "feature_view", name, number)
        renew.services(ctx, name)
    return number


@operation("feature_view.keep_code", permission="feature_view:write", on="name")
def keep_code(ctx: Context, *, name: str, code: FeatureCode) -> FeatureCode:
    """Keep the code that a declaration of a view is to name; the same again changes nothing.

    Raises
    ------
    InvalidInput
        If the snapshot lacks one of its modules.
    """
    name = check_full_name("feature_view", refs.within(ctx.home, name))
    digests.check_digest(code.digest, field="code.digest")
    module, colon, function = code.function.partition(":")
    if not (module and colon and function):
        raise InvalidInput(f"{code.function[:200]!r} is no function", field="code.function")
    there = {entry.path: entry.digest for entry in trees.read_tree(ctx.blobs, code.snapshot)}
    for source in code.sources:
        if there.get(source.path) != source.digest:
            what = f"the snapshot does not hold {source.path[:200]} as listed"
            raise InvalidInput(what, field="code.sources")
    if store.add_code(ctx.tx, name, code, ctx.now()):
        data = {"code": code.digest, "function": code.function, "snapshot": code.snapshot}
        ctx.emit("feature_view.code_kept", refs.make("feature_view", name), data=data)
    return code
