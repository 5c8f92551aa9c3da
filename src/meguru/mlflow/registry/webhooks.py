"""Webhooks in MLflow's protocol."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from meguru.base import refs
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, millis, not_found, page_of, route, wrong_type
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.registry.topics import TOPICS
from meguru.webhooks import manage, show
from meguru.webhooks.types import DeliveryResponse, Webhook, WebhookState

_BASE = "/mlflow/webhooks"
_ENTITIES = (
    *("REGISTERED_MODEL", "MODEL_VERSION", "MODEL_VERSION_TAG", "MODEL_VERSION_ALIAS", "PROMPT"),
    *("PROMPT_VERSION", "PROMPT_TAG", "PROMPT_VERSION_TAG", "PROMPT_ALIAS", "BUDGET_POLICY"),
)
_ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED")
_STATES = ("ACTIVE", "DISABLED")


def routes() -> list[Route]:
    """Return the routes of webhooks, below ``/api/2.0`` and ``/ajax-api/2.0``."""
    one = _BASE + "/{webhook_id}"
    return [
        route(_BASE, {"POST": _create, "GET": _list}),
        route(one, {"GET": _get, "PATCH": _update, "DELETE": _delete}),
        route(f"{one}/test", {"POST": _test}),
    ]


def _create(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    state = _state(given)
    webhook = manage.create(
        ws,
        name=given.required("name"),
        url=given.required("url"),
        topics=_topics(given),
        description=given.text("description"),
        secret=given.text("secret"),
        state=WebhookState.ACTIVE if state is None else state,
    )
    return {"webhook": _shown(webhook)}


def _list(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    limit = given.number("max_results", 100, most=1000)
    found, more = page_of(_here(ws), given.text("page_token"), limit)
    return {"webhooks": [_shown(each) for each in found], **more}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"webhook": _shown(_held(ws, given))}


def _update(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    changed = manage.update(
        ws,
        webhook=_held(ws, given).id,
        name=given.text("name") or None,
        url=given.text("url") or None,
        topics=_topics(given) if given.fields.get("events") else None,
        description=given.text("description") if given.has("description") else None,
        secret=given.text("secret") or None,
        state=_state(given),
    )
    return {"webhook": _shown(changed)}


def _delete(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    manage.delete(ws, webhook=_held(ws, given).id)
    return {}


def _test(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    event = given.fields.get("event")
    topic = _topic(event) if event is not None else ""
    return {"result": _result(show.try_out(ws, webhook=_held(ws, given).id, topic=topic))}


def _held(ws: Workspace, given: RequestArguments) -> Webhook:
    identity = given.required("webhook_id")
    # Not by its name: that is for people.
    for webhook in _here(ws):
        if webhook.id == identity:
            return webhook
    raise not_found(f"Webhook with ID {identity[:80]} not found.")


def _here(ws: Workspace) -> list[Webhook]:
    """Return the webhooks with topics of MLflow, of this door's project; at the root, of the default one."""
    project = "" if ws.project == refs.DEFAULT else ws.project
    return [webhook for webhook in show.list_webhooks(ws) if webhook.project == project and webhook.topics]


def _shown(hook: Webhook) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "webhook_id": hook.id,
        "name": hook.name,
        "url": hook.url,
        "events": [_event(topic) for topic in hook.topics],
        "status": hook.state.value.upper(),
        "creation_timestamp": millis(hook.created_at),
        "last_updated_timestamp": millis(hook.updated_at),
    }
    return shown | ({"description": hook.description} if hook.description else {})


def _result(answer: DeliveryResponse) -> dict[str, Any]:
    if answer.error:
        return {"success": False, "error_message": f"Failed to test webhook: {answer.error}"}
    return {"success": answer.is_taken, "response_status": answer.status, "response_body": answer.body}


def _event(topic: str) -> dict[str, str]:
    entity, _, action = topic.upper().rpartition(".")
    return {"entity": entity, "action": action}


def _topics(given: RequestArguments) -> list[str]:
    items = given.fields.get("events")
    if not items:
        raise invalid("Missing value for required parameter 'events'.")
    if not isinstance(items, list):
        raise wrong_type("events", items)
    return list(dict.fromkeys(_topic(item) for item in items))


def _topic(item: Any) -> str:
    if not isinstance(item, dict):
        raise wrong_type("events", item)
    entity = _word(item.get("entity"), _ENTITIES, "entity")
    action = _word(item.get("action"), _ACTIONS, "action")
    if f"{entity}.{action}" not in TOPICS:
        known = sorted(topic.rpartition(".")[2] for topic in TOPICS if topic.rpartition(".")[0] == entity)
        raise invalid(f"Invalid action '{action}' for entity '{entity}'. Valid actions are: {known}")
    return f"{entity}.{action}"


def _state(given: RequestArguments) -> WebhookState | None:
    if not given.has("status"):
        return None
    return WebhookState(_word(given.fields["status"], _STATES, "status"))


def _word(value: Any, known: tuple[str, ...], name: str) -> str:
    """Return one of the protocol's words, which may come as its number."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(known):
        return known[value - 1].lower()
    if isinstance(value, str) and value in known:
        return value.lower()
    raise wrong_type(name, value)
