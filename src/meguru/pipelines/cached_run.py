"""A run whose steps are all cached, done at once: nothing of the author's is imported, and little of ours.

`meguru run` asks here first. Whatever is not plain (a step to run, a changed file, an unfinished run, a
server, a kind of step that this module doesn't know) is left to the engine: the answer is then None, and
nothing was written. What is written is what the engine would have written, by the same functions, in one
transaction; only a job is not made, because there is no work to promise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from meguru.base import refs
from meguru.base.clock import SystemClock
from meguru.base.names import identifier
from meguru.base.plugins import PluginFamily
from meguru.base.roots import DATABASE
from meguru.base.settings import load_settings
from meguru.compute.code.current import is_current
from meguru.compute.code.source_files import ProjectFiles
from meguru.compute.code.types import Environment, SourceFile
from meguru.compute.graph import Graph, order
from meguru.compute.reads import argument_paths
from meguru.errors import MeguruError
from meguru.kernel.event_log import append
from meguru.kernel.principals import LOCAL_OWNER
from meguru.kernel.project import is_present
from meguru.pipelines import kind, run_rows, step_kind, transitions
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.products import product_of
from meguru.pipelines.types import Pinned, PipelineRun, PipelineRunState, StepCode, StepRun, StepState
from meguru.storage import sqlite, struct_rows

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore
    from meguru.storage.sqlite import SqliteSession

PRODUCTS = PluginFamily("known output", {"model": "meguru.registry.newest:ref_of_newest"})
"""By kind of value: ``f(sql, name, digest) -> ref``, or None if it must be registered."""
GUARDS = PluginFamily("instant run guard", {"budget": "meguru.costs.exceeded:is_any_exceeded"})
"""Who may refuse that a run starts: ``f(sql) -> bool``, whether it may refuse any; the engine asks which."""
EVENTS = (*kind.PIPELINE_RUN.events, *step_kind.STEP_RUN.events)
"""What is told here is checked as everywhere: their kinds are loaded."""
_DATASET, _FEATURES = "Dataset", "Features"
_STEP_FIELDS = {
    "key",
    "function",
    "component",
    "kind",
    "inputs",
    "each",
    "lenient",
    "outputs",
    "many_outputs",
    "split",
    "retries",
    "backoff",
    "timeout",
    "cache",
    "isolation",
    "env",
    "resources",
    "pool",
    "deterministic",
}
_STEP_KINDS = frozenset({"call", "map"})


class _Digest(msgspec.Struct):
    """Of a step's code, what its key needs; the rest may be long."""

    digest: str


class _Code(msgspec.Struct):
    code: _Digest
    environment: Environment


class _Steps(msgspec.Struct):
    steps: list[dict[str, msgspec.Raw]]


class _Version(msgspec.Struct):
    """Of a pipeline's version, what is needed here."""

    name: str
    version: int
    graph: msgspec.Raw
    codes: dict[str, _Code]
    sources: list[SourceFile]


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


def run(where: str | None, target: str, params: Mapping[str, Any]) -> PipelineRun | None:
    """Run ``FILE.py:PIPELINE`` in the workspace at `where` if all its steps are cached; else return None."""
    file, colon, name = target.rpartition(":")
    name = identifier(name)
    settings = load_settings()
    place = where or settings.workspace
    if not colon or not name.isidentifier() or "://" in place + settings.blobs:
        return None
    sql = sqlite.connect(Path(place) / DATABASE, settings.sqlite_synchronous)
    if sql is None:
        return None
    try:
        blobs = _Blobs(Path(settings.blobs or Path(place) / "blobs"))
        project = "" if settings.project == refs.DEFAULT else settings.project
        return _run(sql, cast("BlobStore", blobs), ProjectFiles(Path(file)), name, params, project)
    except (MeguruError, msgspec.MsgspecError, sqlite3.Error, OSError, KeyError):
        # The engine will say what is wrong, if anything is.
        return None
    finally:
        sql.close()


def _run(
    sql: SqliteSession,
    blobs: BlobStore,
    files: ProjectFiles,
    name: str,
    params: Mapping[str, Any],
    project: str,
) -> PipelineRun | None:
    version = _version(sql, files, name, project)
    if version is None or not is_current(
        files, version.sources, (code.environment for code in version.codes.values())
    ):
        return None
    graph = _graph(version)
    if graph is None:
        return None
    values = _values(graph, params)
    pinned = _pin(sql, graph, values, project)
    if pinned is None:
        return None
    now = SystemClock().now()
    run = transitions.new_run(version.name, version.version, values, pinned, at=now, by=LOCAL_OWNER.name)
    steps = _take_over(sql, blobs, graph, version, run)
    if steps is None:
        return None
    # Whatever took long is done: others may write again as soon as possible.
    with sql.writing():
        return _write(sql, run, graph, steps)


def _version(sql: SqliteSession, files: ProjectFiles, name: str, project: str) -> _Version | None:
    entry = f"{files.entry_module}:{name}"
    found = run_rows.newest_of_entry(sql, entry, str(files.root), project)
    if found is None or not is_present(sql, project):
        return None
    (version,) = struct_rows.select(sql, _Version, "pipeline_version", "name = ? AND version = ?", found)
    return version


def _graph(version: _Version) -> Graph | None:
    """Return the graph if all its steps are of the sort that is known here."""
    # By the fields as they are written: one that was added to steps later means the engine's.
    written = msgspec.json.decode(version.graph, type=_Steps).steps
    if not all(step.keys() <= _STEP_FIELDS for step in written):
        return None
    graph = msgspec.json.decode(version.graph, type=Graph)
    return graph if {step.kind for step in graph.steps} <= _STEP_KINDS else None


def _values(graph: Graph, params: Mapping[str, Any]) -> dict[str, Any]:
    if params or any(parameter.required for parameter in graph.parameters):
        from meguru.pipelines import parameters

        return parameters.convert(graph, params)
    return {parameter.name: parameter.default for parameter in graph.parameters}


def _pin(sql: SqliteSession, graph: Graph, values: dict[str, Any], project: str) -> dict[str, Pinned] | None:
    pinned: dict[str, Pinned] = {}
    for parameter in graph.parameters:
        if parameter.type == _FEATURES:
            return None  # which versions they mean, the engine knows
        if parameter.type == _DATASET:
            from meguru.datasets import version_numbers

            given = str(values[parameter.name])
            if project and "/" in given:
                return None  # what is of another project, or says that it is a dataset, is the engine's
            ref = refs.parse(refs.within(project, given), kind="dataset")
            number = version_numbers.number_of(sql, ref)
            digest = version_numbers.digest_of(sql, ref.name, number) if number else None
            if digest is None:
                return None
            pin = Pinned(ref=refs.make("dataset", ref.name, number), digest=digest)
            pinned[parameter.name], values[parameter.name] = pin, pin.ref
    return pinned


def _take_over(
    sql: SqliteSession, blobs: BlobStore, graph: Graph, version: _Version, run: PipelineRun
) -> dict[str, StepRun] | None:
    by_key = {step.key: step for step in graph.steps}
    outputs = Outputs(blobs)
    steps: dict[str, StepRun] = {}
    for key in order(graph):
        step, code = by_key[key], cast("StepCode", version.codes[key])
        step_run = transitions.new_step(run, step, code, outputs, StepState.WAITING)
        names = argument_paths.texts_of_inputs(step.inputs.values(), run.params)
        newest = run_rows.newest_computed(sql, [step_run.key]).get(step_run.key) if step.cache else None
        computed = transitions.usable(run_rows.computed(sql, newest), blobs, names)
        if computed is None:
            return None
        outputs[key] = computed.outputs
        steps[key] = msgspec.structs.replace(step_run, **transitions.taken_over(computed, run.created_at))
    return steps


def _write(
    sql: SqliteSession, run: PipelineRun, graph: Graph, steps: dict[str, StepRun]
) -> PipelineRun | None:
    produced = _produced(sql, graph, steps, refs.project_of(run.pipeline))
    if produced is None or run_rows.has_open_run(sql, run.pipeline) or GUARDS.load("budget")(sql):
        return None
    result, now, actor = transitions.result_of(graph, steps), run.created_at, run.created_by
    begun = append(
        sql, at=now, actor=actor, operation="pipeline_run.start", cause=None, **transitions.started(run)
    )
    reused = {step_run.step: str(step_run.reused) for step_run in steps.values()}
    counts = {"ran": 0, "cached": len(steps), "skipped": 0}
    for event in (
        transitions.steps_cached(run, reused),
        transitions.succeeded(run, graph, result, counts),
    ):
        append(sql, at=now, actor=actor, operation="pipeline_run.advance", cause=begun.id, **event)
    ended = msgspec.structs.replace(
        run,
        state=PipelineRunState.SUCCEEDED,
        event=begun.id,
        started_at=now,
        finished_at=now,
        produced=produced,
        metrics=transitions.metrics_of(result),
        cached=len(steps),
        steps=list(steps.values()),
    )
    run_rows.add(sql, ended)
    run_rows.add_steps(sql, ended.steps)
    return ended


def _produced(
    sql: SqliteSession, graph: Graph, steps: Mapping[str, StepRun], project: str
) -> list[str] | None:
    """Return what the run made: the versions that are there already; None if one must be registered."""
    found: list[str] = []
    for name, made in transitions.products_of(graph, steps):
        kind, bare = product_of(name)
        known = None
        if made is not None and made.kind == kind:
            known = PRODUCTS.load(kind)(sql, refs.within(project, bare), made.digest)
        if known is None:
            return None
        found.append(known)
    return found
