"""The specs of projects: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.governance.projects.kind import ProjectSpec
from meguru.kernel.operations import Context
from meguru.kernel.projects import store


def find(tx: Connection, name: str) -> ProjectSpec | None:
    """Return the present spec; None if there is no such project."""
    found = store.find(tx, name)
    return None if found is None else ProjectSpec(description=found["description"])


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of the projects among some (None: of all)."""
    return [each["name"] for each in store.page(tx, projects)]


def check(ctx: Context, name: str, spec: ProjectSpec) -> ProjectSpec:
    """Return the spec; refuse a name that would be read as something else in a reference."""
    del ctx
    if name in refs.KINDS or name == refs.DEFAULT or "/" in name:
        raise InvalidInput(
            f"{name!r} can't name a project",
            why="references read it as something else",
            hint=f"use {name.replace('/', '-')}-team" if name != refs.DEFAULT else "it is always there",
            field="name",
        )
    return spec


def uses(name: str, spec: ProjectSpec) -> list[str]:
    """Return nothing: a project names no other thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: ProjectSpec) -> None:
    """Write the spec."""
    store.declare(ctx.tx, name, spec.description, at=ctx.now(), by=ctx.principal.name)


def retire(ctx: Context, name: str) -> None:
    """Take the project out of use: what is in it stays and is seen, and nothing new is made in it."""
    store.take_out(ctx.tx, name, ctx.now())


def project_of(tx: Connection, name: str) -> str:
    """Return the project itself: who has a role there may see it."""
    del tx
    return "" if name == refs.DEFAULT else name
