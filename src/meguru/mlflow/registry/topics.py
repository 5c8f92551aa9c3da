"""MLflow's topics of webhooks: what MLflow would tell of an event of the log, as MLflow writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from meguru.errors import InvalidInput
from meguru.kernel.events import Event
from meguru.mlflow.registry.names import own_name
from meguru.mlflow.schema import mlflow_version
from meguru.registry.schema import model_description, model_version
from meguru.webhooks.types import CallHeaders, WebhookCall

TOPICS = (
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
)
"""What a webhook can be told of, in MLflow's words: an entity and what was done with it."""
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
    found = select(model_description.c.tags, model_description.c.description).where(
        model_description.c.name == name
    )
    model = tx.execute(found).first()
    is_prompt = bool(model and str(model.tags.get(IS_PROMPT, "")).lower() == "true")
    own = own_name(name)  # who is called works in the model's project, as MLflow's other clients do
    match event.type:
        case "registered_model.created":
            calls = _model(own, event.data, is_prompt=is_prompt)
        case "registered_model.changed" | "model_version.changed":
            calls = _tags(own, number, event.data, is_prompt=is_prompt)
        case "model_alias.moved":
            calls = _alias(own, number, event.data, "created", is_prompt=is_prompt)
        case "model_alias.removed":
            calls = _alias(own, "", event.data, "deleted", is_prompt=is_prompt)
        case _:
            calls = _version(tx, name, number, is_prompt=is_prompt)
    return [WebhookCall(topic=topic, at=event.at, data=data) for topic, data in calls]


def _named(event: Event) -> tuple[str, str]:
    # Not by refs.parse: a name given by a client of MLflow may have an @ itself.
    subject = event.subject.removeprefix("model/")
    if event.type.startswith("registered_model."):
        return subject, ""
    name, _, number = subject.rpartition("@")
    return name, number


TopicCalls = Iterator[tuple[str, dict[str, Any]]]


def _model(name: str, data: dict[str, Any], *, is_prompt: bool) -> TopicCalls:
    shown = {key: value for key, value in data.get("tags", {}).items() if not is_prompt or key not in _HIDDEN}
    topic = "prompt.created" if is_prompt else "registered_model.created"
    yield topic, {"name": name, "tags": shown, "description": data.get("description", "")}


def _version(tx: Connection, name: str, number: str, *, is_prompt: bool) -> TopicCalls:
    said = mlflow_version.c
    row = tx.execute(select(mlflow_version).where(said.name == name, said.version == int(number))).first()
    if row is None:
        mine = (model_version.c.name == name) & (model_version.c.version == int(number))
        native = tx.execute(select(model_version).where(mine)).first()
        if native is not None:
            source = f"mlflow-artifacts:/model-versions/{own_name(name)}/{number}"
            described: dict[str, Any] = {"tags": {}, "description": native.note or None}
            made = _created(own_name(name), number, described, source=source, run_id=None)
            yield "model_version.created", made
        return
    tags = dict(row.tags)
    said_of: dict[str, Any] = {"tags": tags, "description": row.description or None}
    if not is_prompt:
        origin = {"source": row.source, "run_id": row.run or None}
        yield "model_version.created", _created(own_name(name), number, said_of, **origin)
        return
    text = tags.pop(_TEXT, None)
    shown = {key: value for key, value in tags.items() if key not in _HIDDEN}
    said_of["tags"] = shown
    yield "prompt_version.created", _created(own_name(name), number, said_of, template=text)


def _created(name: str, number: str, described: dict[str, Any], **origin: Any) -> dict[str, Any]:
    return {"name": name, "version": number, **origin, **described}


def _tags(name: str, number: str, data: dict[str, Any], *, is_prompt: bool) -> TopicCalls:
    if not number and not is_prompt:
        return
    entity = ("prompt_version_tag" if number else "prompt_tag") if is_prompt else "model_version_tag"
    which = {"name": name, "version": number} if number else {"name": name}
    for key, value in data.get("tags", {}).items():
        yield f"{entity}.set", {**which, "key": key, "value": value}
    if data.get("dropped"):
        yield f"{entity}.deleted", {**which, "key": data["dropped"]}


def _alias(name: str, number: str, data: dict[str, Any], action: str, *, is_prompt: bool) -> TopicCalls:
    alias = str(data.get("alias", ""))
    if alias.startswith(STAGES):
        return
    which = {"version": number} if number else {}
    entity = "prompt_alias" if is_prompt else "model_version_alias"
    yield f"{entity}.{action}", {"name": name, "alias": alias, **which}


def example(topic: str) -> dict[str, Any]:
    """Return the data of an example, the same as MLflow's."""
    entity, _, action = topic.rpartition(".")
    is_prompt = entity.startswith("prompt")
    what = "prompt" if is_prompt else "model"
    named = {"name": f"example_{what}"}
    tags = {"tags": {"example_key": "example_value"}}
    version = {"version": "1"}
    of_version = version if "version" in entity else {}
    match entity.removeprefix("registered_").removeprefix(what).strip("_"):
        case "":
            words = "An example prompt" if is_prompt else "An example registered model"
            return named | tags | {"description": words}
        case "version":
            origin = (
                {"template": "Hello {{name}}!"}
                if is_prompt
                else {"source": "models:/123", "run_id": "abcd1234abcd5678"}
            )
            return named | version | origin | tags | {"description": f"An example {what} version"}
        case "tag" | "version_tag":
            value = {"value": "example_value"} if action == "set" else {}
            return named | of_version | {"key": "example_key"} | value
        case "alias" | "version_alias":
            return named | {"alias": "example_alias"} | (version if action == "created" else {})
    raise InvalidInput(f"{topic!r} has no example", field="topic")


def body_of(call: WebhookCall) -> bytes:
    """Return the body of a call, as MLflow writes it."""
    entity, _, action = call.topic.rpartition(".")
    data = dict(sorted(call.data.items(), key=lambda item: item[0] != "name"))
    shown = {"entity": entity, "action": action, "timestamp": call.at.isoformat(), "data": data}
    return msgspec.json.encode(shown)


class MLflowTopics:
    """The topics of MLflow's registry: see `meguru.webhooks.adapters.TopicAdapter`."""

    topics = TOPICS
    events = EVENTS
    headers = CallHeaders(
        id="X-MLflow-Delivery-Id", stamp="X-MLflow-Timestamp", signature="X-MLflow-Signature"
    )
    content_type = "application/json"

    def calls_of(self, tx: Connection, event: Event) -> list[WebhookCall]:
        """Return what an event gives to tell; often nothing."""
        return calls_of(tx, event)

    def example(self, topic: str) -> dict[str, Any]:
        """Return the data of an example."""
        return example(topic)

    def body(self, call: WebhookCall) -> bytes:
        """Return the body of a call."""
        return body_of(call)


ADAPTER = MLflowTopics()
