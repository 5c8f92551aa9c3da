"""Which pipelines a file has: found by reading, before anything of it is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from meguru.compute.code.names import dotted
from meguru.compute.code.project import parse_file
from meguru.compute.code.source_files import OWN, ProjectFiles
from meguru.errors import InvalidInput, NotFound, UsageError

MARK = "pipeline"
_MARKING = {OWN, f"{OWN}.pipelines.authoring"}
_OPAQUE = re.compile(r"\b(?:globals|exec|eval|setattr|__getattr__|vars)\b|\.__dict__")
_MAX_DEPTH = 20


class FoundPipelines(NamedTuple):
    """What a module binds: its `pipelines`, what may be one by our mark (`unsure`), what is none (`others`).

    What comes from elsewhere (a call, an installed package) may be one when it is named. `open` if names may
    come about in a way that can't be read.
    """

    pipelines: set[str]
    unsure: set[str]
    others: set[str]
    elsewhere: set[str]
    open: bool


def find_pipelines(entry: Path) -> FoundPipelines:
    """Read which pipelines a file binds, itself or from modules of its project.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is not Python.
    """
    places = ProjectFiles(entry)
    return _Reader(places).read(places.entry_module, 0)


def is_script(entry: Path) -> bool:
    """Tell whether a file has no pipeline, and nothing that may be one: it is a program of its own."""
    found_pipelines = find_pipelines(entry)
    return not found_pipelines.pipelines and not found_pipelines.unsure


def check_named(entry: Path, name: str) -> None:
    """Refuse a pipeline that the file can't have, before anything of it is run.

    Raises
    ------
    NotFound
        If the file has no such name; near misses are offered.
    InvalidInput
        If it is something else there.
    """
    found_pipelines = find_pipelines(entry)
    known = sorted(found_pipelines.pipelines | found_pipelines.unsure)
    hint = "" if known else "mark a function that calls steps with @pipeline"
    if not name and not known and not found_pipelines.open:
        raise UsageError(f"there is no pipeline in {entry.name}", where=entry.name, hint=hint)
    if not name or name in known or name in found_pipelines.elsewhere or found_pipelines.open:
        return
    if name in found_pipelines.others:
        why = "it is not marked with @pipeline"
        raise InvalidInput(f"{name!r} in {entry.name} is no pipeline", where=str(entry), why=why, hint=hint)
    raise NotFound.of(f"pipeline in {entry.name}", name, known, hint=hint)


class _Reader:
    def __init__(self, places: ProjectFiles) -> None:
        self.places = places
        self.known: dict[str, FoundPipelines] = {}

    def read(self, module: str, depth: int) -> FoundPipelines:
        if module not in self.known:
            self.known[module] = _nothing(open=False)  # modules import each other
            path = self.places.file(module)
            if path is not None and depth < _MAX_DEPTH:
                self.known[module] = self._of_file(module, path, depth)
        return self.known[module]

    def _of_file(self, module: str, path: Path, depth: int) -> FoundPipelines:
        parse_file(module, path)  # says where it is no Python
        text = path.read_text(encoding="utf-8", errors="replace")
        pipelines = _nothing(open=_OPAQUE.search(text) is not None)
        marks: set[tuple[str, ...]] = set()
        for statement in _at_import(ast.parse(path.read_bytes()).body):
            if isinstance(statement, ast.ImportFrom):
                package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                pipelines = self._import_from(statement, package, pipelines, marks, depth)
            elif isinstance(statement, ast.Import):
                marks |= {
                    (alias.asname or alias.name, MARK) for alias in statement.names if alias.name == OWN
                }
            else:
                _take(statement, pipelines, marks)
        return pipelines

    def _import_from(
        self,
        statement: ast.ImportFrom,
        package: str,
        found: FoundPipelines,
        marks: set[tuple[str, ...]],
        depth: int,
    ) -> FoundPipelines:
        parts = package.split(".") if statement.level else []
        above = parts[: len(parts) - statement.level + 1]
        source = ".".join(filter(None, [*above, statement.module or ""]))
        inner = self.read(source, depth + 1) if source not in _MARKING else None
        for alias in statement.names:
            name = alias.asname or alias.name
            if inner is None:
                if alias.name == MARK:
                    marks.add((name,))
            elif alias.name == "*":
                found = found._replace(open=found.open or inner.open or self.places.file(source) is None)
                found.pipelines.update(inner.pipelines)
                found.unsure.update(inner.unsure)
            elif alias.name in inner.pipelines:
                found.pipelines.add(name)
            elif alias.name in inner.unsure:
                found.unsure.add(name)
            elif alias.name in inner.others:
                found.others.add(name)
            else:
                found.elsewhere.add(name)
        return found


def _nothing(*, open: bool) -> FoundPipelines:
    return FoundPipelines(set(), set(), set(), set(), open=open)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what an import runs, at whatever depth of conditions."""
    for statement in body:
        if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
            yield from _at_import(statement.orelse)
            continue
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _at_import(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _at_import(handler.body)


def _take(statement: ast.stmt, found: FoundPipelines, marks: set[tuple[str, ...]]) -> None:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        by = [dotted(one.func if isinstance(one, ast.Call) else one) for one in statement.decorator_list]
        if any(chain in marks for chain in by):
            found.pipelines.add(statement.name)
        elif marks and any(chain[-1:] != ("step",) for chain in by):
            found.unsure.add(statement.name)  # a decorator that may mark it
        elif by and not marks:
            found.elsewhere.add(statement.name)
        else:
            found.others.add(statement.name)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        used = {dotted(node) for node in ast.walk(statement) if isinstance(node, ast.Name | ast.Attribute)}
        if used & marks:
            found.pipelines.update(names)
        elif {chain[0] for chain in used if chain} & (found.pipelines | found.unsure):
            found.unsure.update(names)
        elif isinstance(statement.value, ast.Constant):
            found.others.update(names)
        else:
            found.elsewhere.update(names)
