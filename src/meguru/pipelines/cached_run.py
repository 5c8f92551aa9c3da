"""A run whose steps are all cached, done at once: nothing of the author's is imported, and little of ours.

`meguru run` asks here first. Whatever is not plain (a step to run, a changed file, an unfinished run, a
server, a kind of step that this module doesn't know) is left to the engine: the answer is then None, and
nothing was written. What is written is what the engine would have written, in one transaction; only a job is
not made, because there is no work to promise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import msgspec

from meguru.base import refs
from meguru.base.clock import SystemClock
from meguru.base.ids import new_id
from meguru.base.names import identifier
from meguru.base.plugins import PluginFamily
from meguru.base.roots import DATABASE
from meguru.base.settings import load_settings
from meguru.compute.code import environment
from meguru.compute.code.source_files import ProjectFiles
from meguru.compute.code.types import Environment, SourceFile
from meguru.compute.graph import FromStep, Graph, order
from meguru.compute.materializers.base import Value
from meguru.compute.reads import named
from meguru.compute.reads.current import holds
from meguru.compute.reads.types import FileUse
from meguru.errors import MeguruError
from meguru.kernel.append import append
from meguru.kernel.principals import LOCAL_OWNER
from meguru.pipelines import keys, kind, step_kind
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.products import product_of
from meguru.pipelines.types import Pinned, PipelineRun, PipelineRunState, StepCode, StepRun, StepState
from meguru.storage import sqlite

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore

PRODUCTS = PluginFamily("known output", {"model": "meguru.registry.newest:same"})
"""By kind of value: ``f(connection, name, digest) -> ref``, or None if it must be registered."""
_DATASET, _FEATURES = "Dataset", "Features"
EVENTS = (*kind.PIPELINE_RUN.events, *step_kind.STEP_RUN.events)
"""What is told here is checked as everywhere: their kinds are loaded."""


class _Digest(msgspec.Struct):
    """Of a step's code, what its key needs; the rest may be long."""

    digest: str


class _Code(msgspec.Struct):
    code: _Digest
    environment: Environment


class _Step(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of a step that this module knows; a step with others is the engine's."""

    key: str
    function: str
    inputs: dict[str, Any]
    outputs: list[str]
    many_outputs: bool = False
    kind: Literal["call", "map"] = "call"
    each: list[str] = []
    lenient: bool = False
    split: list[int] = []
    retries: int = 0
    backoff: float = 0.0
    timeout: float | None = None
    cache: bool = True
    isolation: str = "process"
    env: str | None = None
    resources: Any = None
    pool: str | None = None
    deterministic: bool = True
    component: Any = None


class _Steps(msgspec.Struct):
    steps: list[_Step]


class _Kept(NamedTuple):
    id: str
    items: int | None
    outputs: list[Value]
    files: list[FileUse]


class _Blobs:
    """As much of a blob store as is needed to look: importing a real one takes longer than that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, digest: str) -> bool:
        return self._place(digest).exists()

    def get_bytes(self, digest: str) -> bytes:
        return self._place(digest).read_bytes()

    def _place(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]


class _Version(msgspec.Struct):
    ref: str
    name: str
    version: int
    graph: Graph
    codes: dict[str, _Code]
    sources: list[SourceFile]


def run(where: str | None, target: str, params: Mapping[str, Any]) -> PipelineRun | None:
    """Run ``FILE.py:PIPELINE`` in the workspace at `where` if all its steps are cached; else return None."""
    file, colon, name = target.rpartition(":")
    name = identifier(name)
    settings = load_settings()
    place = where or settings.workspace
    if not colon or not name.isidentifier() or "://" in place + settings.blobs:
        return None
    connection = sqlite.connect(Path(place) / DATABASE, settings.sqlite_synchronous)
    if connection is None:
        return None
    try:
        blobs = Path(settings.blobs or Path(place) / "blobs")
        project = "" if settings.project == refs.DEFAULT else settings.project
        return _run(connection, _Blobs(blobs), ProjectFiles(Path(file)), name, params, project)
    except (MeguruError, msgspec.MsgspecError, sqlite3.Error, OSError, KeyError):
        # The engine will say what is wrong, if anything is.
        return None
    finally:
        connection.close()


def _run(
    connection: sqlite3.Connection,
    blobs: _Blobs,
    places: ProjectFiles,
    name: str,
    params: Mapping[str, Any],
    project: str,
) -> PipelineRun | None:
    version = _version(connection, places, name, project)
    if version is None or not _is_current(places, version) or _is_busy(connection, version.name):
        return None
    values = _values(version.graph, params)
    pinned = _pin(connection, version.graph, values, project)
    if pinned is None:
        return None
    begun = _begin(version, values, pinned)
    steps = _take_over(connection, blobs, version, begun)
    if steps is None:
        return None
    result = _result(version.graph, steps)
    produced = _produced(connection, version.graph, steps, project)
    if produced is None:
        return None
    ended = msgspec.structs.replace(
        begun,
        state=PipelineRunState.SUCCEEDED,
        finished_at=begun.created_at,
        produced=produced,
        metrics=dict(result.info.get("metrics", {})) if result else {},
        cached=len(steps),
        steps=list(steps.values()),
    )
    return _write(connection, ended, version, result)


def _version(
    connection: sqlite3.Connection, places: ProjectFiles, name: str, project: str
) -> _Version | None:
    query = """
        SELECT v.name, v.version, v.graph, v.codes, v.sources
        FROM pipeline_version v JOIN pipeline p ON p.name = v.name AND p.latest = v.version
        WHERE v.entry = ? AND v.folder = ?
    """
    found = connection.execute(query, (f"{places.entry_module}:{name}", str(places.root)))
    row = next((each for each in found if refs.project_of(each["name"]) == project), None)
    if row is None or (project and not _is_open(connection, project)):
        return None
    sqlite.read_json(row["graph"], _Steps)
    return _Version(
        ref=refs.make("pipeline", row["name"], row["version"]),
        name=row["name"],
        version=row["version"],
        graph=sqlite.read_json(row["graph"], Graph),
        codes=sqlite.read_json(row["codes"], dict[str, _Code]),
        sources=sqlite.read_json(row["sources"], list[SourceFile]),
    )


def _is_open(connection: sqlite3.Connection, project: str) -> bool:
    query = "SELECT 1 FROM project WHERE name = ? AND retired_at IS NULL"
    return connection.execute(query, (project,)).fetchone() is not None


def _is_current(places: ProjectFiles, version: _Version) -> bool:
    seen = {one.environment.digest: one.environment for one in version.codes.values()}
    return all(map(places.is_unchanged, version.sources)) and all(
        environment.is_current(places.entry, one) for one in seen.values()
    )


def _is_busy(connection: sqlite3.Connection, pipeline: str) -> bool:
    query = "SELECT 1 FROM pipeline_run WHERE pipeline = ? AND state NOT IN (?, ?, ?) LIMIT 1"
    final = (
        PipelineRunState.SUCCEEDED.value,
        PipelineRunState.FAILED.value,
        PipelineRunState.CANCELLED.value,
    )
    return connection.execute(query, (pipeline, *final)).fetchone() is not None


def _values(graph: Graph, params: Mapping[str, Any]) -> dict[str, Any]:
    if params or any(one.required for one in graph.parameters):
        from meguru.pipelines import parameters

        return parameters.convert(graph, params)
    return {one.name: one.default for one in graph.parameters}


def _pin(
    connection: sqlite3.Connection, graph: Graph, values: dict[str, Any], project: str
) -> dict[str, Pinned] | None:
    pinned: dict[str, Pinned] = {}
    for parameter in graph.parameters:
        if parameter.type == _FEATURES:
            return None  # which versions they mean, the engine knows
        if parameter.type == _DATASET:
            from meguru.datasets.pinned import find

            given = str(values[parameter.name])
            if project and "/" in given:
                return None  # what is of another project, or says that it is a dataset, is the engine's
            found = find(connection, refs.within(project, given))
            if found is None:
                return None
            pinned[parameter.name] = Pinned(ref=found[0], digest=found[1])
            values[parameter.name] = found[0]
    return pinned


def _begin(version: _Version, values: dict[str, Any], pinned: dict[str, Pinned]) -> PipelineRun:
    now, run_id = SystemClock().now(), new_id("prun")
    return PipelineRun(
        ref=refs.make("pipeline_run", run_id),
        id=run_id,
        pipeline=version.name,
        version=version.version,
        state=PipelineRunState.QUEUED,
        params=values,
        pinned=pinned,
        job="",
        event="",
        created_at=now,
        created_by=LOCAL_OWNER.name,
        started_at=now,
    )


def _take_over(
    connection: sqlite3.Connection, blobs: _Blobs, version: _Version, begun: PipelineRun
) -> dict[str, StepRun] | None:
    graph = {step.key: step for step in version.graph.steps}
    outputs = Outputs(cast("BlobStore", blobs))
    steps: dict[str, StepRun] = {}
    for key in order(version.graph):
        step = graph[key]
        parts = keys.parts_of(step, cast("StepCode", version.codes[key]), begun, outputs)
        digest = keys.key_of(step, parts)
        names = named.of_inputs(step.inputs.values(), begun.params)
        kept = _kept(connection, digest, blobs, names) if step.cache else None
        if kept is None:
            return None
        outputs[key] = kept.outputs
        steps[key] = StepRun(
            id=f"{begun.id}.{key}",
            run=begun.id,
            pipeline=begun.pipeline,
            step=key,
            state=StepState.CACHED,
            key=digest,
            parts=parts,
            items=kept.items,
            outputs=kept.outputs,
            files=kept.files,
            reused=kept.id,
            started_at=begun.created_at,
            finished_at=begun.created_at,
        )
    return steps


def _kept(connection: sqlite3.Connection, key: str, blobs: _Blobs, names: list[str]) -> _Kept | None:
    """Return the newest step run whose output is there, and whose files are what they were."""
    query = """
        SELECT id, items, outputs, files FROM step_run WHERE key = ? AND state = ? ORDER BY id DESC LIMIT 21
    """
    for row in connection.execute(query, (key, StepState.SUCCEEDED.value)):
        outputs, files = (
            sqlite.read_json(row["outputs"], list[Value]),
            sqlite.read_json(row["files"], list[FileUse]),
        )
        if all(blobs.has(one.digest) for one in outputs) and holds(files, names):
            return _Kept(row["id"], row["items"], outputs, files)
    return None


def _result(graph: Graph, steps: Mapping[str, StepRun]) -> Value | None:
    """Return the value that the pipeline returned, as `finish.result_of` does."""
    return _value(graph.result, steps) if isinstance(graph.result, FromStep) else None


def _value(source: FromStep, steps: Mapping[str, StepRun]) -> Value | None:
    outputs = steps[source.step].outputs
    if source.index is not None:
        return outputs[source.index] if source.index < len(outputs) else None
    return outputs[0] if len(outputs) == 1 else None


def _produced(
    connection: sqlite3.Connection, graph: Graph, steps: Mapping[str, StepRun], project: str
) -> list[str] | None:
    """Return what the run made: the versions that are there already; None if one must be registered."""
    wanted = [(one.name, one.result) for one in graph.also]
    if graph.produces and isinstance(graph.result, FromStep):
        wanted.append((graph.produces, graph.result))
    found: list[str] = []
    for name, source in wanted:
        made = _value(source, steps)
        kind, bare = product_of(name)
        if made is None or made.kind != kind or kind not in PRODUCTS.names():
            return None
        known = PRODUCTS.load(kind)(connection, refs.within(project, bare), made.digest)
        if known is None:
            return None
        found.append(known)
    return found


def _write(
    connection: sqlite3.Connection, ended: PipelineRun, version: _Version, result: Value | None
) -> PipelineRun:
    used = [version.ref, *(pin.ref for pin in ended.pinned.values())]
    common: dict[str, Any] = {
        "at": ended.created_at,
        "actor": ended.created_by,
        "subject": ended.ref,
        "project": refs.project_of(ended.pipeline),
    }
    about: dict[str, Any] = {"pipeline": ended.pipeline, "version": ended.version, "params": ended.params}
    with sqlite.writing(connection):
        started = append(
            connection,
            type="pipeline_run.started",
            operation="pipeline_run.start",
            cause=None,
            data=about,
            used=used,
            produced=[ended.ref],
            **common,
        )
        common |= {"operation": "pipeline_run.advance", "cause": started}
        reused = {one.step: one.reused for one in ended.steps}
        data: dict[str, Any] = {"run": ended.id, "pipeline": ended.pipeline, "steps": reused}
        append(connection, type="step_run.cached", data=data, **common)
        data = about | {
            "ran": 0,
            "cached": ended.cached,
            "skipped": 0,
            "metrics": ended.metrics,
            "produces": version.graph.produces,
            "output": result.digest if result else None,
        }
        append(
            connection, type="pipeline_run.succeeded", data=data, used=used, produced=[ended.ref], **common
        )
        made = msgspec.structs.replace(ended, event=started)
        sqlite.insert(connection, "pipeline_run", [msgspec.structs.asdict(made)])
        sqlite.insert(connection, "step_run", [msgspec.structs.asdict(one) for one in made.steps])
    return made
