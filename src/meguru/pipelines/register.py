"""Register a pipeline: its graph, its code, and a snapshot of its source."""

import msgspec

from meguru.artifacts import trees
from meguru.base import digests, refs
from meguru.base.names import check_full_name, check_name
from meguru.compute import graph as graphs
from meguru.compute.code.types import SourceFile
from meguru.compute.graph import Graph
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import check_project
from meguru.pipelines import parameters, store
from meguru.pipelines.priority import check_priority
from meguru.pipelines.types import PipelineVersion, StepCode


@operation("pipeline.register", permission="pipeline:write", on="name")
def register(
    ctx: Context,
    *,
    graph: Graph,
    name: str = "",
    codes: dict[str, StepCode],
    snapshot: str,
    sources: list[SourceFile],
    entry: str,
    folder: str = "",
    imports: list[str] = [],  # noqa: B006 - the kernel copies it for each call
    commit: str = "",
) -> PipelineVersion:
    """Register a traced pipeline as the next version; the same content again is the version it was.

    Without a `name` it is called as its function, in the project in which it is registered.

    Raises
    ------
    InvalidInput
        If the graph can't run, or the snapshot lacks a module; nothing is written then.
    """
    check_snapshot(ctx, graph, codes, snapshot, sources)
    digest = version_digest(graph, snapshot, codes)
    tx = ctx.tx
    name = _name(ctx, name or graph.name)
    previous = store.lock(tx, name, ctx.now())
    # The same code from another place is a version of its own: by its place the next run looks for it.
    if previous and previous.digest == digest and (previous.entry, previous.folder) == (entry, folder):
        return previous
    version = PipelineVersion(
        ref="",
        name=name,
        version=0,
        digest=digest,
        graph=graph,
        codes=codes,
        snapshot=snapshot,
        sources=sources,
        entry=entry,
        folder=folder,
        imports=imports,
        commit=commit,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    return write_next(ctx, version, previous.version + 1 if previous else 1)


def write_next(ctx: Context, made: PipelineVersion, number: int) -> PipelineVersion:
    """Write a version with the next number, by who acts now; the caller holds the pipeline."""
    version = msgspec.structs.replace(
        made,
        ref=refs.make("pipeline", made.name, number),
        version=number,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, version)
    ctx.emit(
        "pipeline.registered",
        version.ref,
        data={
            "entry": version.entry,
            "commit": version.commit,
            "steps": len(version.graph.steps),
            "snapshot": version.snapshot,
        },
        used=[refs.make("pipeline", version.name, number - 1)] if number > 1 else [],
        produced=[version.ref],
    )
    return version


def version_digest(graph: Graph, snapshot: str, codes: dict[str, StepCode]) -> str:
    """Return the digest of a version: of its graph, its source, and the code that each step reaches."""
    keys = {key: [one.code.digest, one.environment.digest] for key, one in codes.items()}
    return digests.of_value([graphs.digest(graph), snapshot, keys])


def _name(ctx: Context, text: str) -> str:
    """Return the name in full, in a project that is there and in which the principal may register."""
    name = check_full_name("pipeline", refs.within(ctx.home, text))
    project = refs.project_of(name)
    if not ctx.principal.allows("pipeline:read", project):
        raise NotFound.of("pipeline", name, [])
    ctx.require("pipeline:write", project=project)
    check_project(ctx.tx, project)
    return name


def check_snapshot(
    ctx: Context, graph: Graph, codes: dict[str, StepCode], snapshot: str, sources: list[SourceFile]
) -> None:
    """Refuse a graph that can't run, code that was not measured, and a snapshot without its modules."""
    check_name("pipeline", graph.name, field="graph.name")
    check_priority(graph.priority)
    graphs.order(graph)
    for step in graph.steps:
        graphs.check(step)
    for parameter in graph.parameters:
        if parameter.type not in parameters.PINNED:
            parameters.from_text(parameter.type)
    without = sorted({step.key for step in graph.steps if step.function} - codes.keys())
    if without:
        raise InvalidInput(f"there is no code digest for the step {without[0]!r}", field="codes")
    there = {entry.path: entry.digest for entry in trees.read_tree(ctx.blobs, snapshot)}
    for source in sources:
        if there.get(source.path) != source.digest:
            raise InvalidInput(f"the snapshot does not hold {source.path} as listed", field="sources")
