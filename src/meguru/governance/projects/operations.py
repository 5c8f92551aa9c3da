"""All operations of projects."""

from meguru.governance.projects.kind import PROJECT
from meguru.governance.projects.members import grant, list_members, list_projects, revoke
from meguru.kernel.declarations import operations_of

specs = operations_of(PROJECT)

__all__ = ["grant", "list_members", "list_projects", "revoke", "specs"]
