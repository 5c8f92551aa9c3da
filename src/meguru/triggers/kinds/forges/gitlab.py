"""GitLab: ``X-Gitlab-Token``, the secret itself; so let it post by https only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meguru.errors import InvalidInput
from meguru.triggers.arrivals.content import read_json
from meguru.triggers.kinds.forges.base import HookContent, branch_of, is_same, paths_of, text


class GitLab:
    """Deliveries of GitLab."""

    headers: tuple[str, ...] = ("content-type", "x-gitlab-event", "x-gitlab-event-uuid", "idempotency-key")

    def is_signed(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
        """Compare the token."""
        del body, now
        return is_same(headers.get("x-gitlab-token", ""), secret)

    def delivery(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the key that stays the same when a delivery is repeated, else the event's id."""
        del body
        return headers.get("idempotency-key", "") or headers.get("x-gitlab-event-uuid", "")

    def kind(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the event's name, as in ``push``."""
        del body
        return headers.get("x-gitlab-event", "").removesuffix(" Hook").lower().replace(" ", "_")

    def read(self, headers: Mapping[str, str], body: bytes) -> HookContent:
        """Return what a push, a merge request or another event tells."""
        found = read_json(body)
        if not isinstance(found, dict):
            raise InvalidInput("a delivery is a JSON object")
        return HookContent(
            event=self.kind(headers, body),
            action=text(found, "object_attributes", "action"),
            repository=text(found, "project", "path_with_namespace"),
            branch=branch_of(text(found, "ref")) or text(found, "object_attributes", "target_branch"),
            commit=text(found, "checkout_sha") or text(found, "object_attributes", "last_commit", "id"),
            before=text(found, "before"),
            sender=text(found, "user_username") or text(found, "user", "username"),
            paths=paths_of(found),
            body=found,
        )
