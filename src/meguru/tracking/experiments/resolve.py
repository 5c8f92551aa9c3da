"""Which project an experiment is of that is named by any text."""

from __future__ import annotations

from meguru.base import refs
from meguru.base.names import normal
from meguru.kernel.projects.store import was_declared
from meguru.kernel.workspace import Workspace
from meguru.tracking.experiments import names, store


def qualify(ws: Workspace, text: str) -> str:
    """Return a name, key, reference or number with its project, as it is meant in a view of the workspace.

    What stands before a ``/`` is a project if the principal sees one of that name, and no experiment is
    called so as a whole.
    """
    rest = text.removeprefix(names.REF)
    head = text[: len(text) - len(rest)]
    before, slash, own = rest.partition("/")
    if not slash:
        return f"{head}{ws.home}/{rest}" if ws.home else text
    if before == refs.DEFAULT:
        return text
    project = normal(before)
    with ws.read() as tx:
        is_title = store.has_title(tx, ws.home, text)
        is_seen = bool(project) and ws.principal.allows("run:read", project)
        if is_seen and not is_title and was_declared(tx, project):
            return f"{head}{project}/{own}"
    return names.full(ws.home, text)
