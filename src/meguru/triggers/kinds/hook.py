"""Wake when somebody posts to ``/hooks/NAME``: a forge, or who speaks CloudEvents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from meguru.base.source_secrets import Secrets, check_secret
from meguru.errors import InvalidInput, MeguruError
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.arrivals.content import find_field
from meguru.triggers.arrivals.types import RawArrival, SourceArrival, digest_of
from meguru.triggers.kinds.consumer import agreement
from meguru.triggers.kinds.forges import FORGES, Forge
from meguru.triggers.kinds.listening import ByArrivals

MAX_BYTES = 26 * 1024 * 1024
MAX_EVENT_BODY = 65536
"""A body that is longer is left out of the event, which has its digest."""
_MAX_HEADER = 300


class OnHook(ByArrivals, frozen=True, kw_only=True):
    """``{"hook": "github", "secret": "${GITHUB_HOOK_SECRET}", "events": ["push"]}``, at ``/hooks/NAME``.

    `events` are those that count (all by default). A delivery counts once, by its id and by its content. With
    `consumer`, an endpoint, the schema in the field `schema` of the body is compared with the endpoint's
    contract, and the event tells whether they agree.
    """

    key: ClassVar[str] = "hook"
    arrives: ClassVar[str] = "hook.received"
    names: ClassVar[dict[str, tuple[str, str]]] = {"consumer": ("endpoint", "endpoint:read")}

    hook: Literal["github", "gitlab", "gitea", "cloudevents"]
    secret: str
    events: list[str] = msgspec.field(default_factory=list)
    max_bytes: int = 1024 * 1024
    consumer: str = ""
    schema: str = "schema"

    def check(self, ctx: Context) -> None:
        """Refuse a secret that is written out, and impossible limits."""
        check_secret(self.secret, "on.secret")
        if not 1 <= self.max_bytes <= MAX_BYTES:
            raise InvalidInput(f"max_bytes is between 1 and {MAX_BYTES}", field="on.max_bytes")
        if self.consumer:
            show_endpoint(ctx, name=self.consumer)

    @property
    def forge(self) -> Forge:
        """Who posts."""
        made: Forge = FORGES.load(self.hook)()
        return made

    def is_signed(self, ws: Workspace, headers: Mapping[str, str], body: bytes) -> bool:
        """Tell whether a delivery is of who knows the secret; Conflict when the secret is not set here."""
        secret = Secrets().open(self.secret, "on.secret")
        return bool(secret) and self.forge.is_signed(headers, body, secret, ws.clock.now())

    def counts(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Tell whether a delivery is of an event that counts."""
        kind = self.forge.kind(headers, body)
        return kind != "ping" and (not self.events or kind in self.events)

    def raw(self, headers: Mapping[str, str], body: bytes) -> RawArrival:
        """Return a delivery as it is kept: without its signature."""
        forge = self.forge
        kept = {name: headers[name][:_MAX_HEADER] for name in forge.headers if name in headers}
        digest = digest_of(body)
        key = forge.delivery(headers, body)
        return RawArrival(key=f"id:{key}" if key else digest, source=self.hook, body=body, headers=kept)

    def read(self, ws: Workspace, raw: RawArrival) -> SourceArrival:
        """Return the event of a delivery."""
        content, digest = self.forge.read(raw.headers, raw.body), digest_of(raw.body)
        data = {"source": self.hook, "digest": digest, "size": len(raw.body)} | msgspec.to_builtins(content)
        if self.consumer:
            data["contract"] = agreement(ws, self.consumer, self._declared(content.body), place=self.schema)
        if len(raw.body) > MAX_EVENT_BODY:
            data["body"] = None
        # The id is not signed: what is sent again under another one is known by what it says.
        return SourceArrival(
            key=raw.key, also=(f"body:{content.event}:{digest}",), type=self.arrives, data=data
        )

    def _declared(self, body: Any) -> Any:
        try:
            return find_field(body, self.schema)
        except MeguruError:
            return None
