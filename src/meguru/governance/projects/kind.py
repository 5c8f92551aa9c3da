"""Projects, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class ProjectSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project as people declare it."""

    description: str = ""


@event_type(
    "project.created",
    label="project made",
    sentence="{subject} was declared",
    explains=True,
    subject="project/NAME",
)
class ProjectCreated(Payload, frozen=True):
    """A project was declared."""

    description: str


@event_type(
    "project.updated",
    label="project changed",
    sentence="the declaration of {subject} was changed",
    subject="project/NAME",
)
class ProjectUpdated(Payload, frozen=True):
    """Fields of a project's spec changed: ``{field: {before, after}}``."""

    changes: dict[str, Any]


@event_type(
    "project.retired",
    label="project retired",
    sentence="{subject} was retired",
    tone=Tone.ODD,
    explains=True,
    subject="project/NAME",
)
class ProjectRetired(Payload, frozen=True):
    """A project was taken out of use: nothing new can be made in it."""


@event_type(
    "project.member_set",
    label="role in a project given",
    sentence="{principal} became {role} in {subject}",
    subject="project/NAME",
)
class ProjectMemberSet(Payload, frozen=True):
    """A principal has this role in the project from now on."""

    principal: str
    role: str


@event_type(
    "project.member_removed",
    label="role in a project taken away",
    sentence="{principal} lost the role in {subject}",
    subject="project/NAME",
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
    events=(ProjectCreated, ProjectUpdated, ProjectRetired, ProjectMemberSet, ProjectMemberRemoved),
    spec=ProjectSpec,
    spec_store="meguru.governance.projects.spec",
    section="projects",
    project_of="meguru.governance.projects.spec:project_of",
    page="/ui/projects/{name}",
)
