"""Tell a Slack channel, by an incoming webhook; Mattermost and Rocket.Chat take the text of it.

References
----------
.. [1] Slack, Block Kit reference and its limits. https://docs.slack.dev/block-kit
"""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.alerts.channels.base import Envelope
from meguru.alerts.channels.webhook import check_address
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base.settings import Settings
from meguru.base.text import translate
from meguru.webhooks.send import post
from meguru.webhooks.types import DeliveryResponse

MAX_HEADER, MAX_TEXT, MAX_ALT_TEXT = 150, 2900, 200
_NO_PICTURE = frozenset({400, 404})
"""What Slack answers when it can't fetch a drawing: the whole message is refused."""
ICONS = {"critical": "🔴", "warning": "🟠", "info": "🔵", "resolved": "🟢"}


class SlackChannel:
    """An incoming webhook of Slack's shape."""

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Refuse an address that no webhook may have, or that is a secret and written in clear."""
        check_address(address, settings, field=field)

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Send the message as text and blocks; without drawings if Slack can't fetch them."""
        answer = _post(envelope, envelope.message)
        if answer.status in _NO_PICTURE and any(item.picture for item in envelope.message.items):
            return _post(envelope, without_pictures(envelope.message))
        return answer


def _post(envelope: Envelope, message: NotificationMessage) -> DeliveryResponse:
    body = msgspec.json.encode(payload(message))
    return post(envelope.address, body, {"Content-Type": "application/json"}, envelope.settings)


def without_pictures(message: NotificationMessage) -> NotificationMessage:
    """Return a message without the addresses of drawings."""
    items = [msgspec.structs.replace(item, picture="") for item in message.items]
    return msgspec.structs.replace(message, items=items)


def payload(message: NotificationMessage) -> dict[str, Any]:
    """Return a message in Slack's shape."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.title[:MAX_HEADER], "emoji": True}}
    ]
    for item in message.items:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _text(item)[:MAX_TEXT]}})
        if item.picture:
            alt = escaped(item.text)[:MAX_ALT_TEXT]
            blocks.append({"type": "image", "image_url": item.picture, "alt_text": alt})
        if buttons := _buttons(item, message.language):
            blocks.append({"type": "actions", "elements": buttons})
    if message.more:
        more = translate("and {count} more", message.language).format(count=f"{message.more:,}")
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": more}]})
    return {"text": escaped(message.title), "blocks": blocks[:50]}


def escaped(text: str) -> str:
    """Return a text in which nothing is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def severity_icon(item: MessageItem) -> str:
    """Return the coloured dot of an item; nothing for what is no alert."""
    return ICONS.get(item.state, "") or ICONS.get(item.severity, "")


def _text(item: MessageItem) -> str:
    times = f" (×{item.count:,})" if item.count > 1 else ""
    lines = [f"{severity_icon(item)} *{escaped(item.text)}*{times}".strip(), *map(escaped, item.facts)]
    return "\n".join(lines)


def _buttons(item: MessageItem, language: str) -> list[dict[str, Any]]:
    wanted = (("Look", item.url), ("Acknowledge", item.acknowledge))
    return [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": translate(word, language)},
            "url": url,
        }
        for word, url in wanted
        if url
    ]


CHANNEL = SlackChannel()
