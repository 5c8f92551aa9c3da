"""GitHub: ``X-Hub-Signature-256``, an HMAC of the body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from meguru.errors import InvalidInput
from meguru.triggers.arrivals.content import read_json
from meguru.triggers.kinds.forges.base import HookContent, branch_of, hmac_sha256, is_same, paths_of, text


class GitHub:
    """Deliveries of GitHub."""

    headers: tuple[str, ...] = ("content-type", "x-github-event", "x-github-delivery")
    signature = "x-hub-signature-256"
    prefix = "sha256="
    name = "x-github-event"
    number = "x-github-delivery"

    def is_signed(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
        """Compare the signature of the body."""
        del now
        return is_same(headers.get(self.signature, ""), self.prefix + hmac_sha256(secret, body))

    def delivery(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the delivery's id, which the signature does not cover."""
        del body
        return headers.get(self.number, "")

    def kind(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the event's name."""
        del body
        return headers.get(self.name, "")

    def read(self, headers: Mapping[str, str], body: bytes) -> HookContent:
        """Return what a push, a pull request or another event tells."""
        found = read_json(_payload(headers, body))
        if not isinstance(found, dict):
            raise InvalidInput("a delivery is a JSON object")
        ref = text(found, "ref")
        return HookContent(
            event=self.kind(headers, body),
            action=text(found, "action"),
            repository=text(found, "repository", "full_name"),
            branch=branch_of(ref) or text(found, "pull_request", "base", "ref"),
            commit=text(found, "after") or text(found, "pull_request", "head", "sha"),
            before=text(found, "before"),
            sender=text(found, "sender", "login"),
            paths=paths_of(found),
            body=found,
        )


def _payload(headers: Mapping[str, str], body: bytes) -> bytes:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return body
    given: Any = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get("payload", [""])
    return str(given[0]).encode()
