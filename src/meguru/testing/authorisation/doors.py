"""Ask at the doors that are no operations: pages, forms, streams, endpoints, blobs; as everybody."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from meguru.base import digests, refs
from meguru.testing.authorisation.asking import Answer, InProcessClient
from meguru.testing.authorisation.operations import nobody
from meguru.testing.authorisation.people import Person
from meguru.testing.authorisation.world import BLOB, DEFAULT, FOREIGN, MARKS, NOWHERE, OWN, Restore, World

CLOSED = {401, 403, 404}
"""What somebody is answered who may not."""


class AskedDoor(msgspec.Struct, frozen=True, kw_only=True):
    """One address: what it needs, and where the name of a thing stands in it.

    `path` or `body` has ``{thing}`` where the name or id of a thing of `kind` stands; without a kind it is a
    list, which shows what its reader may see. A door with the `full` name of a thing is not asked within a
    project; a `form` is sent as a page of the same site sends it. What is `also` needed is a permission in
    the same project. An `odd` door finds out by the thing what is meant, so that an unseen one is no 404.
    """

    path: str
    permission: str
    kind: str = ""
    method: str = "GET"
    body: bytes = b""
    media: str = "application/json"
    form: str = ""
    full: bool = False
    parts: int = 1
    also: str = ""
    odd: bool = False

    def address(self, world: World, project: str) -> tuple[str, str]:
        """Return where a project's thing is, and the name or id that says which; empty if there is none."""
        name = world.thing(project, self.kind)
        if name is None:
            return "", ""
        bare = refs.bare(name) if "-" not in name else name
        if self.full or bare == name:
            return self.path.replace("{thing}", name), name
        return f"/projects/{project}{self.path.replace('{thing}', bare)}", bare


class DoorWalk:
    """Asks at doors of one server, and tells what is answered otherwise than is due."""

    def __init__(self, client: InProcessClient, world: World, restore: Restore) -> None:
        self.client, self.world, self.restore = client, world, restore
        self.telling: set[str] = set()
        """The lists that told somebody of another project's things."""

    def faults(self, door: AskedDoor) -> Iterator[str]:
        """Ask at one door in all ways; tell each answer that is wrong."""
        if door.kind:
            for project in (OWN, FOREIGN, DEFAULT):
                yield from self._thing(door, project)
        else:
            yield from self._list(door)

    def unknown(self, door: AskedDoor) -> Iterator[str]:
        """Ask as nobody, and with a token that there is not."""
        path, _ = door.address(self.world, DEFAULT) if door.kind else (door.path, "")
        for token in ("", "mgr_" + "x" * 43):
            answer = self.client.ask(door.method, path, body=door.body, token=token)
            if answer.status != 401:
                yield f"{door.method} {path} with the token {token!r}: {answer.status} {answer.text[:200]}"

    def _thing(self, door: AskedDoor, project: str) -> Iterator[str]:
        path, name = door.address(self.world, project)
        if not path:
            return
        absent = nobody(name, project)
        nowhere = path.replace(name, absent)
        noun = door.permission.partition(":")[0]
        closed = CLOSED | {422} if door.odd else CLOSED
        for person in self.world.people:
            answer = self._ask(door, path, person, name)
            what = f"{door.method} {path} {door.body!r} by {person.name}: {answer.status} {answer.text[:300]}"
            if all(person.may(each, project) for each in (door.permission, door.also) if each):
                if answer.status in closed:
                    yield f"{what}, but it is allowed"
            elif answer.status not in closed:
                yield f"{what}, but it is not allowed"
            elif door.full and not door.odd and not person.may_somewhere(door.permission):
                if answer.status != 403 or door.permission not in answer.text:
                    yield f"{what}, but 403 is due for want of {door.permission}"
            elif not person.may(f"{noun}:read", project) and person.may_somewhere(door.permission):
                other = self._ask(door, nowhere, person, absent)
                if _plain(answer, name, project) != _plain(other, absent, project):
                    yield f"{what}: otherwise than of what is not there: {other.status} {other.text[:300]}"
            if answer.status >= 500 and answer.status != 503:
                yield what

    def _list(self, door: AskedDoor) -> Iterator[str]:
        for person in self.world.people:
            answer = self._ask(door, door.path, person)
            what = f"{door.method} {door.path} by {person.name}: {answer.status} {answer.text[:300]}"
            if answer.status >= 500:
                yield what
            if person.may_somewhere(door.permission):
                if answer.status in CLOSED:
                    yield f"{what}, but it is allowed"
            elif answer.status not in CLOSED:
                yield f"{what}, but it is not allowed"
            for project in MARKS:
                told = self.world.betrayed(project, answer.text)
                if told and person.name == "any-owner" and project != OWN:
                    self.telling.add(door.path)
                elif told and not person.may(door.permission, project):
                    yield f"{door.path} tells {person.name} of {told}"

    def _ask(self, door: AskedDoor, path: str, person: Person, name: str = "") -> Answer:
        if not door.form:
            sent, body = {"content-type": door.media}, door.body.replace(b"{thing}", name.encode())
            answer = self.client.ask(
                door.method, path, token=person.token, body=body, headers=sent, parts=door.parts
            )
            if door.method == "POST" and answer.status < 300:
                self.restore()
            return answer
        sent = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        answer = self.client.ask("POST", path, token=person.token, body=door.form.encode(), headers=sent)
        if answer.status == 303:
            self.restore()
        return answer


def _plain(answer: Answer, name: str, project: str) -> tuple[int, str]:
    said = answer.text.replace(name, "…").replace(MARKS[project], "…").replace(NOWHERE, "…")
    return answer.status, said


_OUTCOME = b'[{"prediction_id": "{thing}", "value": 1.0}]'
_THUMB = b'[{"prediction_id": "{thing}", "thumb": "up"}]'
_FEAST = b'{"feature_service": "{thing}", "entities": {"carrier": ["AA"]}}'
_FEATURES = b'{"service": "{thing}", "entities": {"carrier": ["AA"]}}'
_PUSH = b'{"push_source_name": "{thing}", "df": {"carrier": ["AA"]}, "to": "online"}'
_WRITE = b'{"feature_view_name": "{thing}", "df": {"carrier": ["AA"]}}'
_MATERIALIZE = b'{"feature_views": ["{thing}"], "disable_event_timestamp": true}'
BLOBS = f"/api/v1/blobs/{digests.of_bytes(BLOB)}"
DOORS = (
    AskedDoor(path="/ui/stream?after=0", permission="event:read", parts=2),
    AskedDoor(path=BLOBS, permission="blob:read"),
    AskedDoor(path=BLOBS, permission="blob:read", method="HEAD"),
    AskedDoor(path=BLOBS, permission="blob:write", method="PUT", body=BLOB, media="application/octet-stream"),
    AskedDoor(path="/endpoints/{thing}", permission="endpoint:read", kind="endpoint", full=True),
    AskedDoor(path="/endpoints/{thing}/openapi.json", permission="endpoint:read", kind="endpoint", full=True),
    AskedDoor(
        path="/endpoints/{thing}/predict",
        permission="endpoint:predict",
        kind="endpoint",
        method="POST",
        body=b'{"rows": []}',
        full=True,
    ),
    AskedDoor(
        path="/endpoints/{thing}/predict?contract=1&explain=features",
        permission="endpoint:predict",
        also="feature_view:get",
        kind="endpoint",
        method="POST",
        body=b'{"rows": []}',
        full=True,
    ),
    *(
        AskedDoor(
            path=path,
            permission=permission,
            kind=kind,
            method="POST",
            body=body,
            full=True,
            odd=odd,
        )
        for path, permission, kind, body, odd in (
            ("/outcomes?endpoint={thing}", "outcome:write", "endpoint", _OUTCOME, False),
            ("/outcomes", "outcome:write", "prediction", _OUTCOME, True),
            ("/feedback?endpoint={thing}", "feedback:write", "endpoint", _THUMB, False),
            ("/feedback", "feedback:write", "prediction", _THUMB, True),
            ("/get-online-features", "feature_view:get", "feature_service", _FEAST, False),
            ("/api/v1/features/get", "feature_view:get", "feature_service", _FEATURES, False),
            ("/push", "feature_view:push", "feature_view", _PUSH, False),
            ("/write-to-online-store", "feature_view:push", "feature_view", _WRITE, False),
            ("/materialize?async=1", "materialization:start", "feature_view", _MATERIALIZE, False),
        )
    ),
)
"""Those that are no pages."""
