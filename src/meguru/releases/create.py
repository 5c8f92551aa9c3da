"""Put a release together."""

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models
from meguru.releases import store
from meguru.releases.digest import content_digest, hashes, identity, release_digest
from meguru.releases.features import used_features
from meguru.releases.gates.read import check_gates
from meguru.releases.resolve import collect
from meguru.releases.types import Release, ReleaseContent, ReleaseState
from meguru.serving import store as endpoints
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.types import ModelInput
from meguru.serving.contracts.validation import check_inputs

MAX_APP = 200


@operation(
    "release.create",
    permission="release:write",
    on="endpoint",
    refers={"endpoint": "endpoint", "model": "model"},
)
def create(
    ctx: Context,
    *,
    endpoint: str,
    model: str,
    app: str | None = None,
    note: str = "",
    inputs: list[ModelInput] | None = None,
) -> Release:
    """Put a release of a model version together; its gates have not been asked yet.

    `app` is the commit of the application that calls the endpoint; by default the one of the live release.
    `inputs` say how columns of the model come from what clients send, where they are other ones; by default
    those of the live release, of the columns that this model has too.

    Raises
    ------
    InvalidInput
        If an input names a column that the model does not take, or can't be read.
    """
    if app is not None and len(app) > MAX_APP:
        raise InvalidInput(f"app is a commit of at most {MAX_APP} characters", field="app")
    name = refs.parse(endpoint, kind="endpoint").name
    declared = endpoints.lock(ctx.tx, name)  # it numbers the releases: two at once would take one number
    check_gates(declared.gates)
    live = store.newest_in_state(ctx.tx, name, ReleaseState.LIVE)
    if app is None:
        app = live.content.app if live else ""
    wanted = refs.parse(model, kind="model").name
    if wanted != declared.model:  # that its own model may be served, was decided when it was declared
        ctx.check_readable("model", wanted)
    model_inputs = _inputs(ctx.tx, name, model, inputs, live)
    features = used_features(ctx, declared, models.resolve(ctx.tx, model).ref)
    content = collect(ctx.tx, declared, model, app=app, inputs=model_inputs, features=features)
    return _put_together(ctx, name, content, note)


def _put_together(ctx: Context, name: str, content: ReleaseContent, note: str) -> Release:
    version = store.next_version(ctx.tx, name)
    ref, digest = refs.make("release", name, version), content_digest(content)
    made_of = [content.model, *content.datasets, *content.contracts]
    parts = [*made_of, *([content.pipeline] if content.pipeline else [])]
    told = ctx.emit(
        "release.created",
        ref,
        data={
            "endpoint": content.endpoint,
            "model": content.model.ref,
            "content_digest": digest,
            "note": note,
        },
        used=[
            *(part.ref for part in parts),
            *([content.run] if content.run else []),
            *(content.features.views if content.features else ()),
        ],
        produced=[ref],
    )
    release = Release(
        endpoint=name,
        version=version,
        state=ReleaseState.CREATED,
        content=content,
        content_digest=digest,
        hashes=hashes(content, []),
        identity=identity(content),
        digest=release_digest(content, None, []),
        results=[],
        champion=None,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        created_event=told.id,
        note=note,
    )
    store.add(ctx.tx, release)
    return release


def _inputs(
    tx: Connection, endpoint: str, model: str, given: list[ModelInput] | None, live: Release | None
) -> list[ModelInput]:
    version = models.resolve(tx, model)
    if given is None:
        known = live.content.inputs if live else []
        return [each for each in known if each.column in version.signature.names]
    check_inputs(given, contracts.of(tx, endpoint), version.signature, version.ref)
    return given
