"""Projects: the unit of names and of access. What a name belongs to, and which things are seen from where.

The default project is the empty text; it is always there, and its names are written without it.
"""

from meguru.kernel.projects.filters import condition, in_projects
from meguru.kernel.projects.store import check_project

__all__ = ["check_project", "condition", "in_projects"]
