"""The switch between projects, which every page has in its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from meguru.console import links
from meguru.governance.projects.members import list_projects

if TYPE_CHECKING:
    from meguru.console.page_request import Visit

LISTED = 30
_OF_ONE_THING = frozenset({"/ui/predictions"})
"""Lists that say in their query of which thing they are: another project has no such thing."""


class ProjectChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One project to go to; the one without a name shows all that the reader may see."""

    name: str
    url: str
    is_here: bool


def may_see_projects(visit: Visit) -> bool:
    """Tell whether the reader may see any project; asked before, so that no denial is logged."""
    return bool(visit.who) and visit.ws.principal.projects("project:read") != frozenset()


def choices(visit: Visit) -> list[ProjectChoice]:
    """Return where the reader may switch to: the same list in another project, or its first page.

    Empty while there is nothing to choose from.
    """
    if not may_see_projects(visit):
        return []
    # The page may be within one project; the switch leads to all.
    found = [each.name for each in list_projects(visit.ws.with_(project=""))]
    if len(found) < 2 and not visit.project:
        return []
    here = visit.request.url.path
    page = "/" if visit.request.path_params or here in _OF_ONE_THING else here
    return [
        ProjectChoice(name=name, url=links.base_of(name) + page, is_here=name == visit.project)
        for name in ("", *found[:LISTED])
    ]
