"""Gitea and Forgejo: ``X-Gitea-Signature``, an HMAC of the body; the shape is GitHub's."""

from __future__ import annotations

from meguru.triggers.kinds.forges.github import GitHub


class Gitea(GitHub):
    """Deliveries of Gitea."""

    headers = ("content-type", "x-gitea-event", "x-gitea-delivery")
    signature = "x-gitea-signature"
    prefix = ""
    name = "x-gitea-event"
    number = "x-gitea-delivery"
