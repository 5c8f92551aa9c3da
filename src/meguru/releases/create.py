"""Put a release together."""

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.releases import store
from meguru.releases.digest import content_digest, hashes, release_digest
from meguru.releases.gates.read import check_gates
from meguru.releases.resolve import collect
from meguru.releases.types import Release, ReleaseState
from meguru.serving import store as endpoints

MAX_APP = 200


@operation(
    "release.create",
    permission="release:write",
    on="endpoint",
    refers={"endpoint": "endpoint", "model": "model"},
)
def create(ctx: Context, *, endpoint: str, model: str, app: str | None = None, note: str = "") -> Release:
    """Put a release of a model version together; its gates have not been asked yet.

    `app` is the commit of the application that calls the endpoint; by default the one of the live release.
    """
    if app is not None and len(app) > MAX_APP:
        raise InvalidInput(f"app is a commit of at most {MAX_APP} characters", field="app")
    name = refs.parse(endpoint, kind="endpoint").name
    declared = endpoints.lock(ctx.tx, name)
    check_gates(declared.gates)
    if app is None:
        live = store.in_state(ctx.tx, name, ReleaseState.LIVE)
        app = live[0].content.app if live else ""
    wanted = refs.parse(model, kind="model").name
    if wanted != declared.model:  # that its own model may be served, was decided when it was declared
        ctx.check_seen("model", wanted)
    content = collect(ctx.tx, declared, model, app=app)
    version = store.next_version(ctx.tx, name)
    ref, digest = refs.make("release", name, version), content_digest(content)
    parts = [content.model, *content.datasets, *([content.pipeline] if content.pipeline else [])]
    told = ctx.emit(
        "release.created",
        ref,
        data={
            "endpoint": content.endpoint,
            "model": content.model.ref,
            "content_digest": digest,
            "note": note,
        },
        used=[part.ref for part in parts] + ([content.run] if content.run else []),
        produced=[ref],
    )
    made = Release(
        endpoint=name,
        version=version,
        state=ReleaseState.CREATED,
        content=content,
        content_digest=digest,
        hashes=hashes(content, []),
        digest=release_digest(content, None, []),
        results=[],
        champion=None,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        created_event=told.id,
        note=note,
    )
    store.add(ctx.tx, made)
    return made
