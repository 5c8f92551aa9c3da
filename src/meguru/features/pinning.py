"""Choose the versions that features mean now: of services, of views, and of the data under them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from meguru.base import digests, refs
from meguru.datasets import spec as dataset_specs
from meguru.datasets import store as datasets
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal import masking
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput, NotFound
from meguru.features import spec_validation, store
from meguru.features.schema import feature_set
from meguru.features.types import FeatureSet, FeatureViewVersion, PinnedDataset, PinnedView
from meguru.kernel.operations import Context, operation
from meguru.pipelines.types import Pinned

_VIEW, _SERVICE = "feature_view/", "feature_service/"


def pin(ctx: Context, project: str, text: str) -> Pinned:
    """Choose what a parameter of type `Features` means now, and keep it as a blob; see `chosen`.

    Personal columns are masked unless whoever starts the run may see them in clear.

    Raises
    ------
    InvalidInput
        If a view has its rows by such a column.
    """

    def shown(dataset: PinnedDataset) -> PinnedDataset:
        if ctx.principal.allows("dataset:clear", refs.project_of(refs.parse(dataset.ref).name)):
            return msgspec.structs.replace(dataset, hidden=[])
        return _shown(ctx, dataset)

    found = with_datasets(chosen(ctx, project, text), shown)
    check_keys(found, hint="who starts the run needs dataset:clear")
    return Pinned(ref=found.ref, digest=keep(ctx, found), uses=found.uses)


def keep(ctx: Context, found: FeatureSet) -> str:
    """Keep a feature set for as long as the lineage is; return its digest."""
    # The blob before the row that refers to it: a crash in between leaves a blob that nobody needs, and no
    # row without its blob.
    digest = ctx.blobs.put_bytes(digests.canonical(found))
    known = select(feature_set.c.digest).where(feature_set.c.digest == digest)
    if ctx.tx.execute(known).first() is None:
        try:
            # A savepoint: on PostgreSQL a refused insert would end the transaction of whoever pins.
            with ctx.tx.begin_nested():
                row = {"digest": digest, "ref": found.ref, "created_at": ctx.now()}
                ctx.tx.execute(insert(feature_set).values(row))
        except IntegrityError:  # another server kept the same just now
            pass
    return digest


@operation("feature_service.choose", permission="feature_service:read", query=True, on="ref")
def choose_service(ctx: Context, *, ref: str) -> FeatureSet:
    """Say which versions of views and data a service means now; nothing is kept."""
    return _masked(ctx, _of_service(ctx, ref))


@operation("feature_view.choose", permission="feature_view:read", query=True)
def choose_views(ctx: Context, *, views: list[str]) -> FeatureSet:
    """Say which versions of data views mean now: ``weather``, ``plane:age`` for a feature, ``weather@2``."""
    return _masked(ctx, _of_views(ctx, ctx.home, views))


@operation("feature_view.tags", permission="feature_view:read", query=True, on="ref")
def tags_of(ctx: Context, *, ref: str) -> dict[str, list[str]]:
    """Return by key and feature of a view the tags of the columns of the same name in its sources."""
    version = store.view(ctx.tx, ref, ctx.readable)
    definition, project = version.definition, refs.project_of(version.name)
    found: dict[str, list[str]] = {}
    for source in definition.sources.values():
        name = refs.parse(refs.within(project, source), kind="dataset").name
        for column, said_of_it in dataset_specs.spec_of(ctx.tx, name).columns.items():
            if said_of_it.tags and column in {*definition.keys, *version.features}:
                found[column] = list(dict.fromkeys([*found.get(column, []), *said_of_it.tags]))
    return found


def _masked(ctx: Context, found: FeatureSet) -> FeatureSet:
    """Return a set as all may see it: personal columns of its data are masked, as in `dataset.show`."""
    return with_datasets(found, lambda one: _shown(ctx, one))


def _shown(ctx: Context, dataset: PinnedDataset) -> PinnedDataset:
    if not dataset.hidden:
        return dataset
    masked = masking.masked_version(ctx, datasets.resolve(ctx.tx, dataset.ref))
    return msgspec.structs.replace(dataset, digest=masked.digest)


def check_keys(found: FeatureSet, *, hint: str) -> None:
    """Refuse a set in which a view has its rows by a personal column, which is masked there."""
    for view in [each for pinned_view in found.views for each in (pinned_view, *pinned_view.inputs)]:
        hidden = {column for one in view.datasets.values() for column in one.hidden}
        said_of_it = view.definition
        for name in sorted(hidden & {*said_of_it.keys, said_of_it.time, said_of_it.created}):
            raise InvalidInput(f"{name!r} of {view.ref} is a personal column", field=name, hint=hint)


def with_datasets(found: FeatureSet, change: Callable[[PinnedDataset], PinnedDataset]) -> FeatureSet:
    """Return a set over other data, of its inputs too."""

    def changed(view: PinnedView) -> PinnedView:
        data = {name: change(one) for name, one in view.datasets.items()}
        inputs = [changed(pinned_view) for pinned_view in view.inputs]
        return msgspec.structs.replace(view, datasets=data, inputs=inputs)

    return msgspec.structs.replace(found, views=[changed(view) for view in found.views])


def chosen(ctx: Context, project: str, text: str) -> FeatureSet:
    """Return what features mean now, as seen from a project: a service, views, single features of them.

    A bare name is that of a service, or, where there is none, of a view.

    Raises
    ------
    NotFound
        If there is no such service, view or data, or who asks may not see it.
    """
    if text.startswith(_VIEW) or "," in text or ":" in text:
        return _of_views(ctx, project, [each.strip() for each in text.split(",") if each.strip()])
    full = refs.within(project, text.removeprefix(_SERVICE))
    if not text.startswith(_SERVICE) and _is_view_alone(ctx, full):
        return _of_views(ctx, project, [text])
    ctx.check_readable("feature_service", full)
    return _of_service(ctx, full)


def _is_view_alone(ctx: Context, full: str) -> bool:
    """Tell whether a name is that of a view, and of no service."""
    name = refs.parse(full, kind="feature_service").name
    if store.spec_of(ctx.tx, "feature_service", name) is not None:
        return False
    return store.spec_of(ctx.tx, "feature_view", name) is not None


def _of_service(ctx: Context, full: str) -> FeatureSet:
    service = store.service(ctx.tx, full, ctx.principal.projects("feature_service:read"))
    views = [_pinned(ctx, store.view(ctx.tx, member.view), member.features) for member in service.members]
    return FeatureSet(ref=service.ref, views=views, full_names=service.full_names)


def _of_views(ctx: Context, project: str, texts: list[str]) -> FeatureSet:
    picked: dict[str, list[str]] = {}
    for text in texts[: spec_validation.MAX_FEATURES]:
        named_feature = spec_validation.parse_member(text, field="features")
        version = _seen(ctx, project, named_feature.view)
        if named_feature.feature:
            picked.setdefault(version.ref, []).append(named_feature.feature)
        else:
            picked[version.ref] = []
    if not picked:
        hint = "name a service, or views: feature_view/weather,plane:age"
        raise InvalidInput(f"{texts!r} names no features", field="features", hint=hint)
    views = [_pinned(ctx, store.view(ctx.tx, ref), features) for ref, features in picked.items()]
    return FeatureSet(ref=views[0].ref, views=views)


def _seen(ctx: Context, project: str, text: str) -> FeatureViewVersion:
    full = refs.within(project, text)
    ctx.check_readable("feature_view", full)
    return store.view(ctx.tx, full, ctx.principal.projects("feature_view:read"))


def _pinned(ctx: Context, version: FeatureViewVersion, picked: list[str]) -> PinnedView:
    definition, project = version.definition, refs.project_of(version.name)
    return PinnedView(
        ref=version.ref,
        definition=definition,
        datasets={
            name: dataset
            for name, source in definition.sources.items()
            if (dataset := _dataset(ctx, project, source, push=definition.push)) is not None
        },
        code=store.code(ctx.tx, version.name, definition.code) if definition.code else None,
        picked=picked,
        inputs=_inputs(ctx, project, definition.inputs),
    )


def with_newest_data(ctx: Context, found: FeatureSet) -> FeatureSet:
    """Return the same versions of views over the newest versions of their data."""
    return msgspec.structs.replace(found, views=[_over_newest(ctx, view) for view in found.views])


def _over_newest(ctx: Context, view: PinnedView) -> PinnedView:
    project = refs.project_of(refs.parse(view.ref, kind="feature_view").name)
    sources, push = view.definition.sources, view.definition.push
    newest = {name: _dataset(ctx, project, source, push=push) for name, source in sources.items()}
    return msgspec.structs.replace(
        view,
        datasets={name: each for name, each in newest.items() if each is not None},
        inputs=[_over_newest(ctx, pinned_view) for pinned_view in view.inputs],
    )


def _inputs(ctx: Context, project: str, texts: list[str]) -> list[PinnedView]:
    return _of_views(ctx, project, texts).views if texts else []


def _dataset(ctx: Context, project: str, source: str, *, push: bool) -> PinnedDataset | None:
    full = refs.within(project, source)
    if refs.project_of(refs.parse(full, kind="dataset").name) != project:
        ctx.check_readable("dataset", full)
    try:
        version = datasets.resolve(ctx.tx, full, ctx.principal.projects("dataset:read"))
    except NotFound:
        if push:  # nothing was pushed yet
            return None
        raise
    return PinnedDataset(ref=version.ref, digest=version.digest, hidden=_hidden(ctx, version))


def _hidden(ctx: Context, version: DatasetVersion) -> list[str]:
    if version.remote_environment or not dataset_specs.spec_of(ctx.tx, version.name).columns:
        return []
    return sorted(masking.hidden_columns_of(ctx, version, load_manifest(ctx.blobs, version)))
