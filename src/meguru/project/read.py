"""Read a project: every mistake is told with its file, line and column, and nothing is changed."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from meguru.app.kinds import all_kinds
from meguru.applies.types import WantedThing
from meguru.base.names import check_name
from meguru.base.server_variables import RESERVED
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, MeguruError, NotFound, near_misses
from meguru.kernel.kinds import Kind
from meguru.project.files import FILE, read_features, read_files
from meguru.project.types import EnvironmentSpec, FileThing, ProjectFile, ProjectHead, Source

__all__ = [
    "FILE",
    "SCHEMA",
    "environment_names",
    "field_steps",
    "read_environment",
    "read_project",
    "where_of",
]
SCHEMA = 1
MAX_INTEGER = (1 << 63) - 1
"""TOML's integers have 64 bits, and so have the databases'."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OWN = ("project", "env", "include")
Path_ = tuple[str, ...]


def read_project(path: Path, *, environment: str = "") -> ProjectFile:
    """Read a project file, what it includes, and ``features.py`` beside it, as they hold in an environment.

    Raises
    ------
    NotFound
        When there is no such file or environment.
    InvalidInput
        When something in it makes no sense; `where` is FILE:LINE:COLUMN.
    """
    sources = [*read_files(path), *read_features(path)]
    reader = _Reader()
    for source in sources:
        for name, value in source.content.items():
            reader.take_in(source, name, value)
    return reader.finish(sources[0], environment)


def read_environment(path: Path, name: str) -> EnvironmentSpec:
    """Return one environment of a project file, without looking at the rest of it.

    Raises
    ------
    NotFound
        When there is no such file or environment.
    """
    return _environments(path).environment(name)[1]


def environment_names(path: Path) -> dict[str, EnvironmentSpec]:
    """Return the environments of a project file, by name, their variables not filled in."""
    return {name: spec for name, (_, spec) in _environments(path).environments.items()}


def placed(root: Path, spec: EnvironmentSpec) -> EnvironmentSpec:
    """Return an environment with its folders, which are told from the file's, as seen from everywhere."""

    def place(text: str) -> str:
        return text if not text or "://" in text else str((root / text).resolve())

    return msgspec.structs.replace(spec, workspace=place(spec.workspace), served_from=place(spec.served_from))


def _environments(path: Path) -> _Reader:
    reader = _Reader()
    for source in read_files(path):
        if "env" in source.content:
            reader.take_in(source, "env", source.content["env"])
    return reader


def where_of(project: ProjectFile, kind: str, name: str, field: str = "") -> str:
    """Return FILE:LINE:COLUMN of a thing, or of a field of its spec."""
    for thing in project.things:
        # The name may have come back with the project in which the file was applied before it.
        if thing.wanted.kind == kind and f"/{name}".endswith(f"/{thing.wanted.name}"):
            return thing.place(field_steps(field))
    return ""


def field_steps(field: str) -> Path_:
    """Take a path such as ``gates[0].value`` apart."""
    return tuple(part for part in re.split(r"[.\[\]]+", field) if part)


class _Reader:
    """Takes in the files of one project."""

    def __init__(self) -> None:
        self.kinds = {kind.table: kind for kind in all_kinds() if kind.spec}
        self.sections: dict[str, dict[str, tuple[Source, dict[str, Any]]]] = {name: {} for name in self.kinds}
        self.head: ProjectHead | None = None
        self.environments: dict[str, tuple[Source, EnvironmentSpec]] = {}

    def take_in(self, source: Source, name: str, value: Any) -> None:
        """Take in one section of a file."""
        if name == "include":
            return
        if not isinstance(value, dict):
            raise source.refusal((name,), f"{name!r} must be a table", hint=f"[{name}]")
        if name == "project":
            if self.head is not None:
                raise source.refusal((name,), "the project is named twice")
            self.head = _head(source, value)
        elif name == "env":
            for each, spec in value.items():
                self._environment(source, each, spec)
        elif name in self.sections:
            self._things(source, name, value)
        else:
            close = near_misses(name, [*self.kinds, *_OWN])
            known = f"sections are {', '.join([*_OWN, *self.kinds])}"
            hint = f"did you mean [{close[0]}]?" if close else known
            raise source.refusal((name,), f"there is no section {name!r}", hint=hint)

    def finish(self, main: Source, environment: str) -> ProjectFile:
        """Return the whole project, as it holds in an environment."""
        if self.head is None:
            raise main.refusal((), "the file has no [project]", hint='[project]\nname = "shop"')
        chosen = self.environment(environment) if environment else None
        said = self._overrides(environment, *chosen) if chosen else {}
        things = [
            _thing(self.kinds[title], name, source, fields, said.get((title, name), {}))
            for title, section in self.sections.items()
            for name, (source, fields) in section.items()
        ]
        if chosen:
            things += self._policies(environment, *chosen)
        return ProjectFile(
            head=self.head,
            main=main.file,
            things=things,
            environment=environment,
            workspace=chosen[1].workspace if chosen else "",
        )

    def _things(self, source: Source, table: str, value: dict[str, Any]) -> None:
        for name, fields in value.items():
            if not isinstance(fields, dict):
                raise source.refusal((table, name), f"{table}.{name} must be a table", hint=f"[{table}.NAME]")
            if name in self.sections[table]:
                why = f"also at {self.sections[table][name][0].place((table, name))}"
                raise source.refusal((table, name), f"{table}/{name} is declared twice", why=why)
            self.sections[table][name] = (source, _filled(source, (table, name), fields))

    def _environment(self, source: Source, name: str, value: Any) -> None:
        path = ("env", name)
        if name in self.environments:
            raise source.refusal(path, f"the environment {name!r} is declared twice")
        self.environments[name] = (source, _typed(source, path, value, EnvironmentSpec))

    def environment(self, name: str) -> tuple[Source, EnvironmentSpec]:
        """Return an environment with its variables filled in; those of the others need not be set here."""
        if name not in self.environments:
            raise NotFound.of("environment", name, list(self.environments))
        source, spec = self.environments[name]
        path = ("env", name)
        filled = _filled(source, path, msgspec.to_builtins(spec))
        return source, placed(source.file.parent, _typed(source, path, filled, EnvironmentSpec))

    def _policies(self, environment: str, source: Source, spec: EnvironmentSpec) -> list[FileThing]:
        """Return the policies that hold in an environment alone."""
        found = []
        for name, fields in spec.policy.items():
            path: Path_ = ("env", environment, "policy", name)
            if name in self.sections["policy"]:
                raise source.refusal(path, f"policy/{name} is declared twice", hint="override it instead")
            said: dict[str, tuple[Any, Source, Path_]] = {
                key: (value, source, (*path, key)) for key, value in fields.items()
            }
            found.append(_thing(self.kinds["policy"], name, source, {}, said))
        return found

    def _overrides(
        self, environment: str, source: Source, spec: EnvironmentSpec
    ) -> dict[tuple[str, str], dict[str, tuple[Any, Source, Path_]]]:
        """Return by section and name what an environment says of each field, and where."""
        found: dict[tuple[str, str], dict[str, tuple[Any, Source, Path_]]] = {}
        for table, things in spec.override.items():
            for name, fields in things.items():
                path = ("env", environment, "override", table, name)
                if name not in self.sections.get(table, {}):
                    close = near_misses(name, list(self.sections.get(table, {})))
                    hint = f"did you mean {close[0]!r}?" if close else ""
                    what = f"{table}/{name} is overridden and declared nowhere"
                    raise source.refusal(path, what, hint=hint)
                found[table, name] = {key: (value, source, (*path, key)) for key, value in fields.items()}
        return found


def _head(source: Source, value: dict[str, Any]) -> ProjectHead:
    head: ProjectHead = _typed(source, ("project",), _filled(source, ("project",), value), ProjectHead)
    try:
        check_name("project", head.name, field="name")
    except MeguruError as error:
        raise source.refusal(("project", "name"), error.what, why=error.why, hint=error.hint) from None
    if head.schema != SCHEMA:
        what = f"schema {head.schema} is not known here"
        hint = f"this release reads schema = {SCHEMA}"
        raise source.refusal(("project", "schema"), what, hint=hint)
    return head


def _thing(
    kind: Kind,
    name: str,
    source: Source,
    fields: dict[str, Any],
    said: dict[str, tuple[Any, Source, Path_]],
) -> FileThing:
    """Return one thing, its fields of the types that its kind asks for."""
    whole = fields | {key: value for key, (value, _, _) in said.items()}
    thing = FileThing(
        wanted=WantedThing(kind=kind.name, name=name, spec=whole),
        source=source,
        path=(kind.table, name),
        overridden={key: (where, path) for key, (_, where, path) in said.items()},
    )
    shape: Any = kind.section_type or kind.spec
    try:
        msgspec.convert(whole, shape)
    except msgspec.ValidationError as error:
        fault = as_invalid(error, "", shape)
        where, field = thing.place(field_steps(fault.field)), ".".join((*thing.path, fault.field))
        raise InvalidInput(fault.what, where=where, why=fault.why, hint=fault.hint, field=field) from None
    return thing


def _filled(source: Source, path: Path_, value: Any) -> Any:
    """Return a value with ``${VAR}`` in its texts replaced from the environment."""
    if isinstance(value, dict):
        return {key: _filled(source, (*path, key), each) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(source, (*path, str(n)), each) for n, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise source.refusal(path, f"{value} is no number that can be kept")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise source.refusal(path, "the number is too large", why=f"up to {MAX_INTEGER} can be kept")
    if not isinstance(value, str) or "${" not in value:
        return value

    def fill(match: re.Match[str]) -> str:
        if match[1].startswith(RESERVED):
            return match[0]  # a secret: read where the server runs, and kept nowhere
        found = os.environ.get(match[1])
        if found is None:
            what = f"the variable {match[1]} is not set"
            raise source.refusal(path, what, hint=f"export {match[1]}=…")
        return found

    return _VARIABLE.sub(fill, value)


def _typed(source: Source, path: Path_, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        fault = as_invalid(error, "", kind)
        where = (*path, *field_steps(fault.field))
        raise source.refusal(where, fault.what, why=fault.why, hint=fault.hint) from None
