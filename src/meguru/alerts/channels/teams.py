"""Tell a Teams channel, by a workflow that takes an adaptive card.

References
----------
.. [1] Microsoft, Create incoming webhooks with Workflows for Microsoft Teams.
.. [2] Adaptive Cards 1.4. https://adaptivecards.io
"""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.alerts.channels.base import Envelope
from meguru.alerts.channels.slack import severity_icon
from meguru.alerts.channels.webhook import check_address
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base.settings import Settings
from meguru.base.text import translate
from meguru.webhooks.send import post
from meguru.webhooks.types import DeliveryResponse

CARD = "application/vnd.microsoft.card.adaptive"
COLOURS = {"critical": "attention", "warning": "warning", "info": "accent", "resolved": "good"}


class TeamsChannel:
    """A workflow's address that takes messages with cards."""

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Refuse an address that no webhook may have."""
        check_address(address, settings, field=field)

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Send the message as a card."""
        body = msgspec.json.encode(payload(envelope.message))
        return post(envelope.address, body, {"Content-Type": "application/json"}, envelope.settings)


def payload(message: NotificationMessage) -> dict[str, Any]:
    """Return a message in Teams' shape."""
    body: list[dict[str, Any]] = [_block(message.title, size="Large", weight="Bolder")]
    for item in message.items:
        body += _blocks(item, message.language)
    if message.more:
        more = translate("and {count} more", message.language).format(count=f"{message.more:,}")
        body.append(_block(more, isSubtle=True))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _blocks(item: MessageItem, language: str) -> list[dict[str, Any]]:
    times = f" (×{item.count:,})" if item.count > 1 else ""
    colour = COLOURS.get(item.state) or COLOURS.get(item.severity, "default")
    made = [_block(f"{severity_icon(item)} {item.text}{times}".strip(), weight="Bolder", color=colour)]
    made += [_block(fact, isSubtle=True, spacing="None") for fact in item.facts]
    if item.picture:
        made.append({"type": "Image", "url": item.picture, "altText": item.text[:200], "size": "Stretch"})
    links = (("Look", item.url), ("Acknowledge", item.acknowledge))
    shown = [(translate(word, language), url) for word, url in links if url]
    actions = [{"type": "Action.OpenUrl", "title": word, "url": url} for word, url in shown]
    return [*made, *([{"type": "ActionSet", "actions": actions}] if actions else [])]


def _block(text: str, **given: Any) -> dict[str, Any]:
    # In a card's text, Markdown is read: what others wrote must be no link.
    plain = text.replace("[", "［").replace("]", "］")
    return {"type": "TextBlock", "text": plain, "wrap": True, **given}


CHANNEL = TeamsChannel()
