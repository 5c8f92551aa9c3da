"""From a file to a registered pipeline."""

from __future__ import annotations

import contextlib
import inspect
import subprocess
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.names import identifier
from meguru.compute import snapshot
from meguru.compute.code import ProjectSources, code_of, pipeline_finder
from meguru.compute.code.current import is_current
from meguru.compute.code.types import SourceFile
from meguru.compute.graph import Graph, Step
from meguru.compute.inherited.finders import Finder
from meguru.compute.step_marker import MarkedStep
from meguru.errors import InvalidInput, MeguruError, NotFound, UsageError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines import lockfiles, store
from meguru.pipelines.authoring import PipelineFunction
from meguru.pipelines.components import offers
from meguru.pipelines.register import register, version_digest
from meguru.pipelines.types import PipelineVersion, StepCode
from meguru.storage.blobs import BlobStore

_MARK = "mark a function that calls steps with @pipeline"


def register_file(ws: Workspace | RemoteWorkspace, target: str) -> PipelineVersion:
    """Register the pipeline ``FILE.py:NAME``; a file with one pipeline needs no name.

    Nothing of the file is imported when it was registered before and neither it, nor any project module
    that it imports, nor its environment has changed.

    Raises
    ------
    InvalidInput
        If the file can't be imported, or the pipeline's graph is wrong; the message names file and line.
    NotFound
        If the file has no such pipeline.
    """
    path, name = _split(target)
    project = ProjectSources(path)
    folder = str(project.root)
    # A server knows nothing of this machine's folders: the code is traced each time, and its digest decides.
    if name and not isinstance(ws, RemoteWorkspace):
        with ws.read() as tx:
            version = store.of_entry(tx, f"{project.entry_module}:{name}", folder, ws.home)
        if version is not None:
            environments = (code.environment for code in version.codes.values())
            if is_current(project, version.sources, environments):
                return version
    return register_traced(ws, traced(ws.blobs, target))


class TracedPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline as its file says it is now, ready to be registered; fields as in `PipelineVersion`."""

    graph: Graph
    codes: dict[str, StepCode]
    snapshot: str
    sources: list[SourceFile]
    entry: str
    folder: str
    imports: list[str]
    commit: str

    @property
    def digest(self) -> str:
        """The digest of the version that it would be."""
        return version_digest(self.graph, self.snapshot, self.codes)


def traced(blobs: BlobStore, target: str) -> TracedPipeline:
    """Import ``FILE.py:NAME``, trace it, and put its source among the blobs."""
    path, name = _split(target)
    project = ProjectSources(path)
    pipeline_finder.check_named(path, name)
    name, graph = trace(project, name)
    graph = offers.mark(lockfiles.pin(graph, project, blobs))
    calls = [step for step in graph.steps if step.function]
    codes = {step.function: code_of(project, step.function) for step in calls}
    return TracedPipeline(
        graph=graph,
        codes={
            step.key: StepCode(
                code=codes[step.function],
                environment=lockfiles.environment_of(project, step, codes[step.function].packages),
            )
            for step in calls
        },
        snapshot=snapshot.upload(blobs, project),
        sources=project.sources(),
        entry=f"{project.entry_module}:{name}",
        folder=str(project.root),
        imports=project.imports(),
        commit=_commit(project),
    )


def register_traced(
    ws: Workspace | RemoteWorkspace, found: TracedPipeline, *, name: str = ""
) -> PipelineVersion:
    """Register what was traced, under the name of its function or another."""
    return register(ws, name=name, **{field: getattr(found, field) for field in found.__struct_fields__})


def entry_of(pipeline: str | PipelineFunction[..., Any]) -> str:
    """Return ``FILE.py:NAME`` of a pipeline function; text is returned as it is.

    Raises
    ------
    InvalidInput
        If the function is in no file.
    """
    if isinstance(pipeline, str):
        return pipeline
    file = inspect.getsourcefile(pipeline.function)
    name = pipeline.function.__qualname__
    if file is None or not Path(file).exists() or "<" in name:
        raise InvalidInput(
            f"the pipeline {pipeline.name} is in no file",
            why="its steps run in other processes, which find them by their file",
            hint="write it into a .py file, at the top level",
        )
    return f"{file}:{name}"


def trace(project: ProjectSources, name: str) -> tuple[str, Graph]:
    """Import the entry file and trace one pipeline; return its name in the file, and its graph."""
    files = {one.source.module: str(one.path) for one in project.modules().values()}
    finder = Finder(files, str(project.root))
    with snapshot.importing(finder), _own_arguments(project.entry):
        try:
            module = import_module(project.entry_module)
        except MeguruError:
            raise
        except (Exception, SystemExit) as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            raise InvalidInput(
                f"{project.entry.name} can't be imported",
                where=f"{last.filename}:{last.lineno}",
                why=f"{type(error).__name__}: {error}",
            ) from error
        found = {key: value for key, value in vars(module).items() if isinstance(value, PipelineFunction)}
        if not name and len(found) == 1:
            name = next(iter(found))
        if name not in found:
            if not name:
                raise _unnamed(project.entry.name, list(found))
            hint = "" if found else _MARK
            raise NotFound.of(f"pipeline in {project.entry.name}", name, found, hint=hint)
        graph = found[name].trace()
        from meguru.pipelines.model_precheck import (
            check_steps,
        )  # it takes NumPy, which a cached run does not

        check_steps(map(_function_of, graph.steps))
        return name, graph


def _function_of(step: Step) -> Any:
    module, _, name = step.function.partition(":")
    found = getattr(sys.modules.get(module), name, None)
    return found.function if isinstance(found, MarkedStep) else found


@contextlib.contextmanager
def _own_arguments(entry: Path) -> Iterator[None]:
    """Let a module that reads the command line find no arguments of ours."""
    before = sys.argv[:]
    sys.argv[:] = [str(entry)]
    try:
        yield
    finally:
        sys.argv[:] = before


def _unnamed(file: str, found: list[str]) -> InvalidInput:
    if not found:
        return UsageError(f"there is no pipeline in {file}", where=file, hint=_MARK)
    return UsageError(
        f"{file} has {len(found)} pipelines: {', '.join(found)}",
        where=file,
        hint=f"say which: {file}:{found[0]}",
    )


def _split(target: str) -> tuple[Path, str]:
    file, colon, name = target.rpartition(":")
    if not colon or name.endswith(".py"):
        file, name = target, ""
    return Path(file), identifier(name)


def _commit(project: ProjectSources) -> str:
    """Return git's name of the source; with ``+`` when a module of the project differs from it."""
    # Whatever git can't say is left out, and late answers too: a run must not fail for a note beside it.
    here = ["git", "-C", str(project.root)]
    files = [str(module.path) for module in project.modules().values()]
    try:
        head = subprocess.run(
            [*here, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
        changes = subprocess.run(
            [*here, "status", "--porcelain", "--", *files],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")
