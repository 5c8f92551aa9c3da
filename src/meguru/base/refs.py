"""References: how one thing names another, ``kind/[project/]name[@version]``.

Without a project a name is of the default project; there, nothing is written before it. Things with an id
(runs, jobs, predictions) have no project in their reference: it is that of what they belong to.
"""

from __future__ import annotations

from typing import NamedTuple

from meguru.base.names import normal
from meguru.errors import InvalidInput

DEFAULT = "default"
"""The project whose name is not written; ``default/x`` and ``x`` name the same thing."""
KINDS: set[str] = set()
"""The kinds that were declared, so that ``dataset/x`` where a model is wanted is not read as a project."""


class Ref(NamedTuple):
    """A parsed reference; `version` is None when the thing has none or it was left out.

    `name` has its project before it (``team/delay``), unless that is the default one.
    """

    kind: str
    name: str
    version: str | None = None

    @property
    def project(self) -> str:
        """The project in the name; empty for the default one."""
        return project_of(self.name)

    def __str__(self) -> str:
        return make(self.kind, self.name, self.version)


def make(kind: str, name: str, version: int | str | None = None) -> str:
    """Write a reference."""
    return f"{kind}/{name}" if version is None else f"{kind}/{name}@{version}"


def project_of(name: str) -> str:
    """Return the project that a name begins with; empty for the default one."""
    project, slash, _ = name.partition("/")
    return project if slash and project != DEFAULT else ""


def bare(name: str) -> str:
    """Return a name without its project."""
    project = project_of(name)
    return name.removeprefix(f"{project}/") if project else name


def within(project: str, name: str) -> str:
    """Write a name as seen from a project: a bare one is of that project, ``default/x`` becomes ``x``.

    Examples
    --------
    >>> within("team", "delay"), within("team", "other/delay"), within("team", "default/delay")
    ('team/delay', 'other/delay', 'delay')
    """
    before, slash, rest = name.partition("/")
    if slash:
        return rest if before == DEFAULT else name
    return f"{project}/{name}" if project and project != DEFAULT and name else name


def relative_to(project: str, name: str) -> str:
    """Write a full name so that `within` reads it back in a project: ``default/`` before one of the default.

    Examples
    --------
    >>> relative_to("team", "delay"), relative_to("team", "team/delay"), relative_to("", "delay")
    ('default/delay', 'team/delay', 'delay')
    """
    return f"{DEFAULT}/{name}" if project and name and not project_of(name) else name


def parse(text: str, *, kind: str | None = None) -> Ref:
    """Read a reference; with `kind`, a bare ``[project/]name[@version]`` is read as one of that kind.

    Its parts are in the spelling that is kept (NFC). What follows the last ``@`` is the version: names that
    MLflow's clients gave may hold one.

    Raises
    ------
    InvalidInput
        If `text` is not a reference, or is one of another kind.
    """
    head, at, version = _cut(normal(text))
    # "a/b" is a kind and a name, or (where `kind` is known) a project and a name: the list of kinds decides,
    # which is why no project may be called like a kind.
    first, slash, rest = head.partition("/")
    found, name = (first, rest) if slash else ("", head)
    if kind is not None and found != kind and (not slash or (found not in KINDS and "/" not in rest)):
        found, name = kind, head  # what stands before the slash is a project
    if not found or not name or (at and not version) or name.startswith("/"):
        raise InvalidInput(
            f"{text[:200]!r} is not a reference", hint="write kind/name@version, as in model/churn@3"
        )
    if kind is not None and found != kind:
        raise InvalidInput(f"{text[:200]!r} refers to a {found}, but a {kind} is wanted here")
    return Ref(found, within("", name), version or None)


def _cut(text: str) -> tuple[str, str, str]:
    """Return what is before the last ``@``, the ``@`` and what follows; all of it first if there is none."""
    head, at, version = text.rpartition("@")
    return (head, at, version) if at else (text, "", "")
