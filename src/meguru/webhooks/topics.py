"""What a webhook is told of an event of the log: MLflow's topics, with MLflow's data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from meguru.kernel.events import Event
from meguru.registry.schema import mlflow_model, mlflow_version, model_version
from meguru.webhooks.types import WebhookCall

EVENTS = (
    "registered_model.created",
    "registered_model.changed",
    "model_version.registered",
    "model_version.unverified",
    "model_version.changed",
    "model_alias.moved",
    "model_alias.removed",
)
STAGES = "mlflow."
"""Aliases that stand for MLflow's stages; they are none to MLflow."""
IS_PROMPT, _KIND, _TEXT = "mlflow.prompt.is_prompt", "_mlflow_prompt_type", "mlflow.prompt.text"
_HIDDEN = {IS_PROMPT, _KIND}


def calls_of(tx: Connection, event: Event) -> list[WebhookCall]:
    """Return what an event gives to tell; often nothing."""
    name, number = _named(event)
    found = select(mlflow_model.c.tags, mlflow_model.c.description).where(mlflow_model.c.name == name)
    model = tx.execute(found).first()
    is_prompt = bool(model and str(model.tags.get(IS_PROMPT, "")).lower() == "true")
    match event.type:
        case "registered_model.created":
            told = _model(name, event.data, is_prompt=is_prompt)
        case "registered_model.changed" | "model_version.changed":
            told = _tags(name, number, event.data, is_prompt=is_prompt)
        case "model_alias.moved":
            told = _alias(name, number, event.data, "created", is_prompt=is_prompt)
        case "model_alias.removed":
            told = _alias(name, "", event.data, "deleted", is_prompt=is_prompt)
        case _:
            told = _version(tx, name, number, is_prompt=is_prompt)
    return [WebhookCall(topic=topic, at=event.at, data=data) for topic, data in told]


def _named(event: Event) -> tuple[str, str]:
    # Not by refs.parse: a name given by a client of MLflow may have an @ itself.
    subject = event.subject.removeprefix("model/")
    if event.type.startswith("registered_model."):
        return subject, ""
    name, _, number = subject.rpartition("@")
    return name, number


Told = Iterator[tuple[str, dict[str, Any]]]


def _model(name: str, data: dict[str, Any], *, is_prompt: bool) -> Told:
    shown = {key: value for key, value in data.get("tags", {}).items() if not is_prompt or key not in _HIDDEN}
    topic = "prompt.created" if is_prompt else "registered_model.created"
    yield topic, {"name": name, "tags": shown, "description": data.get("description", "")}


def _version(tx: Connection, name: str, number: str, *, is_prompt: bool) -> Told:
    said = mlflow_version.c
    row = tx.execute(select(mlflow_version).where(said.name == name, said.version == int(number))).first()
    if row is None:
        mine = (model_version.c.name == name) & (model_version.c.version == int(number))
        native = tx.execute(select(model_version).where(mine)).first()
        if native is not None:
            source = f"mlflow-artifacts:/model-versions/{name}/{number}"
            described: dict[str, Any] = {"tags": {}, "description": native.note or None}
            yield "model_version.created", _created(name, number, described, source=source, run_id=None)
        return
    tags = dict(row.tags)
    said_of: dict[str, Any] = {"tags": tags, "description": row.description or None}
    if not is_prompt:
        origin = {"source": row.source, "run_id": row.run or None}
        yield "model_version.created", _created(name, number, said_of, **origin)
        return
    text = tags.pop(_TEXT, None)
    shown = {key: value for key, value in tags.items() if key not in _HIDDEN}
    yield "prompt_version.created", _created(name, number, said_of | {"tags": shown}, template=text)


def _created(name: str, number: str, described: dict[str, Any], **origin: Any) -> dict[str, Any]:
    return {"name": name, "version": number, **origin, **described}


def _tags(name: str, number: str, data: dict[str, Any], *, is_prompt: bool) -> Told:
    if not number and not is_prompt:
        return
    entity = ("prompt_version_tag" if number else "prompt_tag") if is_prompt else "model_version_tag"
    which = {"name": name, "version": number} if number else {"name": name}
    for key, value in data.get("tags", {}).items():
        yield f"{entity}.set", {**which, "key": key, "value": value}
    if data.get("dropped"):
        yield f"{entity}.deleted", {**which, "key": data["dropped"]}


def _alias(name: str, number: str, data: dict[str, Any], action: str, *, is_prompt: bool) -> Told:
    alias = str(data.get("alias", ""))
    if alias.startswith(STAGES):
        return
    which = {"version": number} if number else {}
    entity = "prompt_alias" if is_prompt else "model_version_alias"
    yield f"{entity}.{action}", {"name": name, "alias": alias, **which}
