"""Read ``meguru.toml``: every mistake is told with its file, line and column, and nothing is changed."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from meguru.app.kinds import all_kinds
from meguru.applies.types import WantedThing
from meguru.base.names import check_name
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, MeguruError, NotFound, near_misses
from meguru.kernel.kinds import Kind
from meguru.project.locate import place_of, places
from meguru.project.types import EnvironmentSpec, FileThing, ProjectFile, ProjectHead

FILE = "meguru.toml"
MAX_BYTES = 4 << 20
MAX_FILES = 100
MAX_DEPTH = 20
SCHEMA = 1
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OWN = ("project", "env", "include")


def read_project(path: Path, *, environment: str = "") -> ProjectFile:
    """Read a project file and what it includes, as it holds in an environment.

    Raises
    ------
    NotFound
        When there is no such file or environment.
    InvalidInput
        When something in it makes no sense; `where` is FILE:LINE:COLUMN.
    """
    reader = _Reader(path)
    reader.take_in(path, depth=0)
    return reader.finish(environment)


class _Reader:
    """Takes in the files of one project."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute().parent
        self.main = root.absolute()
        self.kinds = {kind.table: kind for kind in all_kinds() if kind.spec}
        self.places: dict[Path, dict[tuple[str, ...], tuple[int, int]]] = {}
        self.sections: dict[str, dict[str, tuple[Path, dict[str, Any]]]] = {name: {} for name in self.kinds}
        self.head: ProjectHead | None = None
        self.environments: dict[str, tuple[Path, EnvironmentSpec]] = {}

    def take_in(self, path: Path, *, depth: int) -> None:
        file = path.absolute()
        text = _text(file)
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _broken(file, error) from None
        except RecursionError:
            raise InvalidInput("the file is nested too deeply", where=str(file)) from None
        self.places[file] = places(text)
        for name, value in content.items():
            self._section(file, name, value)
        for place, each in enumerate(self._includes(file, content)):
            target = (file.parent / each).resolve()
            if depth >= MAX_DEPTH or len(self.places) >= MAX_FILES or target in self.places:
                self._refuse(file, ("include",), f"{each!r} is included again, or too many files are")
            if not target.is_relative_to(self.root):
                self._refuse(file, ("include", str(place)), f"{each!r} is outside of the project's folder")
            self.take_in(target, depth=depth + 1)

    def finish(self, environment: str) -> ProjectFile:
        if self.head is None:
            raise InvalidInput(
                "the file has no [project]", where=f"{self.main}:1:1", hint='[project]\nname = "shop"'
            )
        workspace = ""
        if environment:
            file, spec = self._environment(environment)
            workspace = spec.workspace
            self._override(file, environment, spec)
        things = [
            self._thing(self.kinds[title], name, spec, file)
            for title, section in self.sections.items()
            for name, (file, spec) in section.items()
        ]
        return ProjectFile(
            head=self.head,
            root=self.root,
            things=things,
            environment=environment,
            workspace=workspace,
            places=self.places,
        )

    def _thing(self, kind: Kind, name: str, fields: dict[str, Any], file: Path) -> FileThing:
        path = (kind.table, name)
        if kind.written is not None:
            self._typed(file, path, fields, kind.written)
        return FileThing(wanted=WantedThing(kind=kind.name, name=name, spec=fields), file=file, path=path)

    def _section(self, file: Path, name: str, value: Any) -> None:
        if name == "include":
            return
        if not isinstance(value, dict):
            self._refuse(file, (name,), f"{name!r} must be a table", hint=f"[{name}]")
        if name == "project":
            if self.head is not None:
                self._refuse(file, (name,), "the project is named twice")
            self.head = self._head(file, value)
        elif name == "env":
            for each, spec in value.items():
                made = self._typed(
                    file, (name, each), self._filled(file, (name, each), spec), EnvironmentSpec
                )
                self.environments[each] = (file, made)
        elif name in self.sections:
            self._things(file, name, value)
        else:
            close = near_misses(name, [*self.kinds, *_OWN])
            hint = (
                f"did you mean [{close[0]}]?" if close else f"sections are {', '.join([*_OWN, *self.kinds])}"
            )
            self._refuse(file, (name,), f"there is no section {name!r}", hint=hint)

    def _head(self, file: Path, value: dict[str, Any]) -> ProjectHead:
        head: ProjectHead = self._typed(
            file, ("project",), self._filled(file, ("project",), value), ProjectHead
        )
        try:
            check_name("project", head.name, field="name")
        except MeguruError as error:
            self._refuse(file, ("project", "name"), error.what, why=error.why, hint=error.hint)
        if head.schema != SCHEMA:
            what = f"schema {head.schema} is not known here"
            self._refuse(file, ("project", "schema"), what, hint=f"this release reads schema = {SCHEMA}")
        return head

    def _things(self, file: Path, kind: str, value: dict[str, Any]) -> None:
        for name, spec in value.items():
            if not isinstance(spec, dict):
                self._refuse(file, (kind, name), f"{kind}.{name} must be a table", hint=f"[{kind}.NAME]")
            if name in self.sections[kind]:
                other = self.sections[kind][name][0]
                self._refuse(file, (kind, name), f"{kind}/{name} is declared twice", why=f"also in {other}")
            self.sections[kind][name] = (file, self._filled(file, (kind, name), spec))

    def _environment(self, name: str) -> tuple[Path, EnvironmentSpec]:
        if name not in self.environments:
            raise NotFound.of("environment", name, list(self.environments))
        return self.environments[name]

    def _override(self, file: Path, environment: str, spec: EnvironmentSpec) -> None:
        for kind, things in spec.override.items():
            for name, fields in things.items():
                path = ("env", environment, "override", kind, name)
                if name not in self.sections.get(kind, {}):
                    what = f"{kind}/{name} is overridden and declared nowhere"
                    self._refuse(file, path, what)
                where, before = self.sections[kind][name]
                self.sections[kind][name] = (where, before | fields)

    def _includes(self, file: Path, content: Mapping[str, Any]) -> list[str]:
        given = content.get("include", [])
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            self._refuse(
                file, ("include",), "include must be a list of files", hint='include = ["gates.toml"]'
            )
        return list(listed)

    def _filled(self, file: Path, path: tuple[str, ...], value: Any) -> Any:
        """Return a value with ``${VAR}`` in its texts replaced from the environment."""
        if isinstance(value, dict):
            return {key: self._filled(file, (*path, key), each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(file, (*path, str(n)), each) for n, each in enumerate(value)]
        if not isinstance(value, str):
            return value

        def fill(match: re.Match[str]) -> str:
            found = os.environ.get(match[1])
            if found is None:
                self._refuse(file, path, f"the variable {match[1]} is not set", hint=f"export {match[1]}=…")
            return str(found)

        return _VARIABLE.sub(fill, value)

    def _typed(self, file: Path, path: tuple[str, ...], value: Any, kind: Any) -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            fault = as_invalid(error, "", kind)
            self._refuse(file, (*path, *_steps(fault.field)), fault.what, why=fault.why, hint=fault.hint)

    def _refuse(self, file: Path, path: tuple[str, ...], what: str, *, why: str = "", hint: str = "") -> Any:
        line, column = place_of(self.places[file], path)
        where = f"{file}:{line}:{column}"
        raise InvalidInput(what, where=where, why=why, hint=hint, field=".".join(path))


def where_of(project: ProjectFile, kind: str, name: str, field: str = "") -> str:
    """Return FILE:LINE:COLUMN of a thing, or of a field of its spec."""
    for each in project.things:
        # The name may have come back with the project in which the file was applied before it.
        if each.wanted.kind == kind and f"/{name}".endswith(f"/{each.wanted.name}"):
            line, column = place_of(project.places[each.file], (*each.path, *_steps(field)))
            return f"{each.file}:{line}:{column}"
    return ""


def _steps(field: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[.\[\]]+", field) if part)


def _text(file: Path) -> str:
    if not file.is_file():
        raise NotFound(f"there is no file {file.name!r}", where=str(file), hint="meguru init")
    size = file.stat().st_size
    if size > MAX_BYTES:
        why = f"it has {size:,} bytes, and {MAX_BYTES:,} are allowed"
        raise InvalidInput("the file is too large", where=str(file), why=why)
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("the file is not UTF-8", where=str(file), why=str(error)) from error


def _broken(file: Path, error: tomllib.TOMLDecodeError) -> InvalidInput:
    said = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    where = f"{file}:{said[1]}:{said[2]}" if said else str(file)
    return InvalidInput("the file is not TOML", where=where, why=str(error).partition(" (at")[0])
