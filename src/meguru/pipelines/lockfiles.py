"""Lock files of steps' own environments: found and stored when a pipeline is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from meguru.artifacts import trees
from meguru.compute.code import Environment, ProjectSources, environment
from meguru.compute.graph import Graph, Step
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

MAX_BYTES = 20 << 20
_KNOWN = re.compile(r"uv\.lock|pylock(\.[\w-]+)?\.toml|requirements[\w.-]*\.txt")
_ELSEWHERE = re.compile(r"(-r|-c|-e|--requirement|--constraint|--editable)\b")


def pin(graph: Graph, project: ProjectSources, blobs: BlobStore) -> Graph:
    """Store each lock file that a step names, and return the graph with its digest: ``PATH@DIGEST``.

    Raises
    ------
    InvalidInput
        If a lock file is not there, or does not say exactly what is to be installed.
    """
    pinned: dict[str, str] = {}
    for step in graph.steps:
        if step.env is not None and step.env not in pinned:
            pinned[step.env] = f"{step.env}@{_store(_file(project, step), blobs)}"
    if not pinned:
        return graph
    steps = [
        msgspec.structs.replace(step, env=pinned[step.env]) if step.env else step for step in graph.steps
    ]
    return msgspec.structs.replace(graph, steps=steps)


def split(env: str | None) -> tuple[str, str]:
    """Return the author's path of a pinned lock file, and the digest of its tree; both empty for none."""
    path, _, digest = (env or "").rpartition("@")
    return path, digest


def environment_of(project: ProjectSources, step: Step, packages: list[str]) -> Environment:
    """Return what the cache key of a step knows of third-party code: its own lock file, if it has one."""
    if step.env is None:
        return environment.environment_of(project.entry, packages)
    return environment.own_environment(_file(project, step), split(step.env)[0] or step.env, packages)


def _file(project: ProjectSources, step: Step) -> Path:
    path = split(step.env)[0] or step.env or ""
    found = environment.find_own(project.entry, path)
    problem = ""
    if found is None:
        problem, hint = "there is no such file", f"it is looked for from {project.entry.parent} upwards"
    elif not _KNOWN.fullmatch(found.name):
        problem, hint = (
            "its name tells no kind of lock file",
            "name it uv.lock, pylock.toml or requirements.txt",
        )
    elif found.stat().st_size > MAX_BYTES:
        problem, hint = f"it is larger than {MAX_BYTES >> 20} MB", "name a lock file"
    if problem or found is None:
        raise InvalidInput(
            f"step {step.key} can't have the environment {path!r}", field="env", why=problem, hint=hint
        )
    return found


def _store(lock: Path, blobs: BlobStore) -> str:
    files = [lock]
    if lock.suffix == ".txt":
        _check_pinned(lock)
    if lock.name == "uv.lock":
        files.append(lock.with_name("pyproject.toml"))
        if not files[-1].is_file():
            raise InvalidInput(
                f"there is no pyproject.toml beside {lock}", field="env", hint="uv needs both files"
            )
    return trees.put_entries(
        blobs,
        [
            trees.TreeEntry(path=file.name, digest=blobs.put_file(file), size=file.stat().st_size)
            for file in files
        ],
    )


def _check_pinned(lock: Path) -> None:
    for number, line in _requirements(lock.read_text("utf-8")):
        exact = re.search(r"===?\s*[^\s*;,]+\s*($|[;\s\\])", line) or " @ " in line
        if _ELSEWHERE.match(line) or not (exact or line.startswith("-")):
            raise InvalidInput(
                f"{line.split(' --hash')[0]!r} does not say exactly what is to be installed",
                where=f"{lock}:{number}",
                field="env",
                hint="write NAME==VERSION for all, or let uv do it: "
                "uv pip compile requirements.in -o requirements.txt",
            )


def _requirements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the requirements with their line numbers; a backslash joins lines, a hash begins a comment."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        joined += bare.removesuffix("\\")
        if bare.endswith("\\"):
            continue
        if joined.strip():
            yield first, joined.strip()
        joined, first = "", 0
    if joined.strip():  # a backslash at the end of the file joins nothing, and pip takes what is before it
        yield first, joined.strip()
