"""What those below the registry ask of models: which version is meant, and what is known of it."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import refs
from meguru.registry import store


def meant(tx: Connection, model: str) -> str:
    """Return the reference of the version that is meant (`model versions`): ``loans`` is the newest.

    Raises
    ------
    NotFound
        If there is no such model, version or alias.
    """
    return store.resolve(tx, model).ref


def evidence(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return what the registry knows of a model version for checklists (`checklist evidence`)."""
    del endpoint
    name = refs.parse(model, kind="model").name
    owner = store.about(tx, name).owner
    return {"owner": [f"{refs.make('model', name)}: {owner}"]} if owner else {}
