"""Wake when an object has arrived under a prefix of an object store, by listing it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, ClassVar

from meguru.base.source_secrets import Secrets, check_url
from meguru.errors import InvalidInput, masked
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.objects import connection_options
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.polled import MAX_ENTRIES, PolledListener, PollResult, check_every

SCHEMES = ("s3://", "gs://", "az://", "abfss://")


class OnObjects(ByArrivals, frozen=True, kw_only=True):
    """``{"objects": "s3://bucket/incoming", "glob": "*.parquet"}``: each object that arrives or is replaced.

    An object is known by its path and its etag. Credentials and endpoint come from the server's environment
    (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL`` …).
    """

    key: ClassVar[str] = "objects"
    arrives: ClassVar[str] = "object.arrived"

    objects: str
    glob: str = "*"
    every: float = 60.0

    def check(self, ctx: Context) -> None:
        """Refuse what is no place of an object store."""
        del ctx
        check_every(self.every)
        check_url(self.objects, "on.objects")
        if not self.objects.startswith(SCHEMES) or len(self.objects) > 500:
            raise InvalidInput(
                f"{masked(self.objects)[:200]!r} is no object store",
                why=f"it begins with one of {', '.join(SCHEMES)}",
                field="on.objects",
            )

    def listener(self, ws: Workspace, secrets: Secrets) -> PolledListener:
        """Return what lists the objects."""
        del ws, secrets
        return PolledListener(of=self, every=self.every, poll=self._poll)

    def _poll(self, ws: Workspace, position: dict[str, Any]) -> PollResult:
        del ws
        found = self._listed()
        # The whole listing is the position: stores tell no order in which objects came.
        known = position.get("objects", {})
        new = [] if not position else [path for path, seen in found.items() if known.get(path) != seen]
        return PollResult(
            position={"objects": found}, arrivals=[self._arrival(path, found[path]) for path in new]
        )

    def _listed(self) -> dict[str, list[Any]]:
        from obstore.store import from_url

        store: Any = from_url(self.objects, **connection_options(self.objects))
        found: dict[str, list[Any]] = {}
        for batch in store.list(chunk_size=1000):
            for each in batch:
                if fnmatchcase(each["path"], self.glob):
                    found[each["path"]] = [each["e_tag"] or each["last_modified"].isoformat(), each["size"]]
            if len(found) > MAX_ENTRIES:
                raise InvalidInput(
                    f"{self.objects} has more than {MAX_ENTRIES:,} objects", hint="narrow the prefix"
                )
        return found

    def _arrival(self, path: str, seen: list[Any]) -> SourceArrival:
        etag, size = str(seen[0]).strip('"'), seen[1]
        data = {"source": self.objects, "path": path, "size": size, "etag": etag}
        return SourceArrival(key=f"{path}:{etag}", type=self.arrives, data=data)
