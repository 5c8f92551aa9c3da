"""A project written in Python, for those who generate it: the same model as ``meguru.toml``."""

from __future__ import annotations

import inspect
import runpy
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import InvalidInput, MeguruError, NotFound, near_misses
from meguru.project.types import Source

Call = tuple[str, int]


class Project:
    """A project: what is declared in it is planned and applied as that of a ``meguru.toml``.

    Each kind that is declared has a method: ``project.endpoint("delay", model="delay")`` is
    ``[endpoint.delay]`` with ``model = "delay"``. `meguru plan --file project.py` runs the file and takes its
    only project.

    Parameters
    ----------
    name
        The name under which the project owns what it declares.
    description, owner
        What it is, and whose.

    Examples
    --------
    >>> import meguru
    >>> shop = meguru.Project("shop")
    >>> for city in ("tokyo", "osaka"):
    ...     _ = shop.endpoint(city, model=city, gates=[{"gate": "champion"}])
    >>> sorted(shop.content["endpoint"])
    ['osaka', 'tokyo']
    """

    def __init__(self, name: str, *, description: str = "", owner: str = "") -> None:
        said = {"name": name, "description": description, "owner": owner}
        self.content: dict[str, Any] = {"project": {key: value for key, value in said.items() if value}}
        self.calls: dict[tuple[str, ...], Call] = {("project",): _caller()}

    def declare(self, section: str, name: str, **fields: Any) -> Project:
        """Declare ``[section.name]``; the same as the method that is called like the section.

        Raises
        ------
        InvalidInput
            If it is declared already.
        """
        return self._declare(section, name, fields, _caller())

    def env(self, name: str, *, workspace: str = "", override: dict[str, Any] | None = None) -> Project:
        """Declare ``[env.name]``: another workspace, and what is different there."""
        return self._declare("env", name, {"workspace": workspace, "override": override or {}}, _caller())

    def __getattr__(self, section: str) -> Any:
        """Return the method that declares things of a section."""
        from meguru.app.kinds import all_kinds

        known = [kind.table for kind in all_kinds() if kind.spec]
        if section.startswith("_") or section not in known:
            close = near_misses(section, known)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"
            message = f"a project has no section {section!r}{hint}"
            raise AttributeError(message)
        return partial(self.declare, section)

    def _declare(self, section: str, name: str, fields: dict[str, Any], at: Call) -> Project:
        things = self.content.setdefault(section, {})
        if name in things:
            before = self.calls[section, name]
            raise InvalidInput(
                f"{section}/{name} is declared twice",
                where=f"{at[0]}:{at[1]}:1",
                why=f"also at {before[0]}:{before[1]}",
            )
        things[name], self.calls[section, name] = fields, at
        return self


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The lines of a Python file in which things were declared."""

    calls: dict[tuple[str, ...], Call] = field(default_factory=dict)

    def place_of(self, path: tuple[str, ...]) -> tuple[int, int]:
        """Return the line of the call that declared a thing, or something of it."""
        while path:
            if path in self.calls:
                return self.calls[path][1], 1
            path = path[:-1]
        return (1, 1)


def run_file(file: Path) -> Source:
    """Run a Python file, and return what its project declares.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If it stops with an error, or does not make just one project.
    """
    if not file.is_file():
        raise NotFound(f"there is no file {file.name!r}", where=str(file), hint="meguru init")
    sys.path.insert(0, str(file.parent))  # as `python FILE` does: it may import modules beside it
    try:
        names = runpy.run_path(str(file), run_name="meguru_project")
    except MeguruError:
        raise
    except (Exception, SystemExit) as error:
        raise stopped(file, error) from error
    finally:
        sys.path.remove(str(file.parent))
    found = {id(each): each for each in names.values() if isinstance(each, Project)}
    if len(found) != 1:
        hint = 'project = meguru.Project("shop")'
        what = f"the file makes {len(found)} projects, and one is wanted"
        raise InvalidInput(what, where=f"{file}:1:1", hint=hint)
    (project,) = found.values()
    located = Calls(calls=project.calls)
    return Source(file=file, content=_plain(file, project.content, located), located=located)


def stopped(file: Path, error: BaseException) -> InvalidInput:
    """Return what to say of a file whose code raised something, with the line of the file that led to it."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    why = f"{type(error).__name__}: {error}"[:500]
    return InvalidInput("the file stopped with an error", where=f"{file}:{line}:1", why=why)


def _plain(file: Path, content: dict[str, Any], located: Calls) -> dict[str, Any]:
    """Return what was declared as plain values, like those of a TOML file."""
    for section, things in content.items():
        for name, value in things.items():
            try:
                things[name] = msgspec.to_builtins(value)
            except (TypeError, ValueError, RecursionError) as error:
                line, column = located.place_of((section, name))
                where, what = (
                    f"{file}:{line}:{column}",
                    f"{section}.{name} has a value that no file could have",
                )
                raise InvalidInput(what, where=where, why=str(error)[:300]) from error
    return content


def _caller() -> Call:
    """Return the place in the user's code."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else (__file__, 1)
