"""Projects, as a kind."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, Payload, event_type, spec_events


class ProjectSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project as people declare it."""

    description: str = ""


@event_type(
    "project.member_set",
    label="role in a project given",
    sentence="{principal} became {role} in {subject}",
)
class ProjectMemberSet(Payload, frozen=True):
    """A principal has this role in the project from now on."""

    principal: str
    role: str


@event_type(
    "project.member_removed",
    label="role in a project taken away",
    sentence="{principal} lost the role in {subject}",
)
class ProjectMemberRemoved(Payload, frozen=True):
    """A principal has no role in the project any more."""

    principal: str


PROJECT = Kind(
    name="project",
    title=("project", "projects"),
    named=False,
    tables=("meguru.kernel.projects.schema",),
    operations=("meguru.governance.projects.operations",),
    events=(
        *spec_events(
            "project",
            ProjectSpec,
            retired="A project was taken out of use: nothing new can be made in it.",
        ),
        ProjectMemberSet,
        ProjectMemberRemoved,
    ),
    spec=ProjectSpec,
    spec_store="meguru.governance.projects.spec",
    section="projects",
    project_of="meguru.governance.projects.spec:project_of",
    page="/ui/projects/{name}",
)
