"""Names of experiments, which may hold any text: with their project, so that a ``/`` in one is no riddle.

In full a name is ``PROJECT/TITLE``. In the default project the title alone is enough, unless there is a ``/``
in it: then it is ``default/TITLE``.
"""

from __future__ import annotations

from typing import NamedTuple

from meguru.base import refs

REF = "experiment/"


class NamedExperiment(NamedTuple):
    """An experiment as it is asked for: its project, and its name there, key or number.

    `is_ref` tells that it was written as a reference.
    """

    project: str
    own: str
    is_ref: bool


def read(text: str) -> NamedExperiment:
    """Read a name in full, or a reference."""
    rest = text.removeprefix(REF)
    before, slash, own = rest.partition("/")
    if not slash or not before:
        return NamedExperiment("", rest, rest != text)
    return NamedExperiment("" if before == refs.DEFAULT else before, own, rest != text)


def write(project: str, title: str) -> str:
    """Return the name by which people see an experiment."""
    return f"{project}/{title}" if project else title


def full(project: str, title: str) -> str:
    """Return a name that `read` takes apart again, whatever the title holds."""
    return f"{project or refs.DEFAULT}/{title}" if project or "/" in title else title
