"""Ask for every operation, as everybody, with things of one's own project and of another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meguru.kernel.kinds import kind_of
from meguru.kernel.operations import Operation
from meguru.testing.authorisation.arguments import PLURALS, arguments, kinds_named, naming
from meguru.testing.authorisation.asking import Answer, InProcessClient
from meguru.testing.authorisation.people import Person
from meguru.testing.authorisation.rules import ALLOWED, HIDDEN, Due, Rule
from meguru.testing.authorisation.world import COMMON, DEFAULT, FOREIGN, MARKS, NOWHERE, OWN, Restore, World

UNTOUCHED = {401, 403, 404, 422}
"""The statuses of what changed nothing but the log of denials."""


class OperationWalk:
    """Asks for operations of one server, and tells what is answered otherwise than is due."""

    def __init__(self, client: InProcessClient, world: World, restore: Restore) -> None:
        self.client, self.world, self.restore = client, world, restore
        self.asked = 0
        self.succeeded: set[str] = set()
        """The operations that somebody did."""
        self.filtered: set[str] = set()
        """The queries without a subject that told somebody of another project's things, and others not."""

    def faults(self, operation: Operation[..., Any], rule: Rule) -> Iterator[str]:
        """Ask for one operation in all ways; tell each answer that is wrong."""
        if rule.on:
            for project in (OWN, FOREIGN, DEFAULT):
                yield from self._subject(operation, rule, project)
            if not rule.shared:
                yield from self._namesakes(operation, rule)
        else:
            yield from self._alone(operation, rule)
        for place, kind in kinds_named(operation).items():
            yield from self._beside(operation, rule, place, kind)

    def _subject(self, operation: Operation[..., Any], rule: Rule, project: str) -> Iterator[str]:
        """Do it to a thing; what one may not see is answered like what is not there."""
        name = self._name(rule.kind, project)
        if name is None:
            return
        given = arguments(operation, self.world, project, {rule.on: name})
        absent = dict(given, **{rule.on: nobody(name, project)})
        for person in self.world.people:
            if _is_title(rule.kind) and DEFAULT in person.roles and project not in person.roles:
                continue  # what is no project to them is the beginning of a title of their own
            due = rule.due(person, project)
            answer = self.ask(operation, person, given)
            what = f"{operation.name} of {name} by {person.name}"
            yield from _wrong(what, due, answer)
            if due == HIDDEN:
                other = self.ask(operation, person, absent)
                if not _same(answer, name, other, absent[rule.on], project):
                    yield f"{what}: otherwise than of what is not there: {answer.text} {other.text}"

    def _namesakes(self, operation: Operation[..., Any], rule: Rule) -> Iterator[str]:
        """Ask for what is not there but is called like something of another project."""
        kind = rule.kind
        name = f"{OWN}/{MARKS[FOREIGN]}"
        name = f"dataset/{name}@1" if kind == "*" else name
        given = arguments(operation, self.world, OWN, {rule.on: name})
        for person in self.world.people:
            if not person.roles or FOREIGN in person.roles:
                continue
            if f"{FOREIGN}/" in (said := self.ask(operation, person, given).text):
                yield f"{operation.name} of {name} tells {person.name} of {FOREIGN}: {said}"

    def _alone(self, operation: Operation[..., Any], rule: Rule) -> Iterator[str]:
        """Ask for what touches no single thing; a list tells of nothing that one may not see."""
        given = arguments(operation, self.world, DEFAULT)
        said: dict[str, str] = {}
        for person in self.world.people:
            answer = self.ask(operation, person, given)
            yield from _wrong(f"{operation.name} by {person.name}", rule.due(person, DEFAULT), answer)
            said[person.name] = answer.text if answer.status == 200 else ""
        everything = said["any-owner"]
        if not rule.filters or not self.world.betrayed(FOREIGN, everything):
            return
        self.filtered.add(operation.name)
        for person in self.world.people:
            if not person.roles or not said[person.name]:
                continue
            for project in MARKS:
                told = self.world.betrayed(project, said[person.name])
                if told and not person.may(rule.permission, project):
                    yield f"{operation.name} tells {person.name} of {told}"
                if project in person.roles and not told and self.world.betrayed(project, everything):
                    yield f"{operation.name} tells {person.name} nothing of its own project {project!r}"

    def _beside(self, operation: Operation[..., Any], rule: Rule, place: str, kind: str) -> Iterator[str]:
        """Name a thing of another project beside one's own: it is as if it were not there."""
        name = self._name(kind, FOREIGN)
        own = self._name(rule.kind, OWN) if rule.on else None
        if name is None or (rule.on and own is None):
            return
        noun = "dataset" if kind == "*" else kind
        given = arguments(operation, self.world, OWN, {rule.on: own} if rule.on else {})
        absent = nobody(name, FOREIGN)
        for person in self.world.people:
            if not person.roles or person.may(f"{noun}:read", FOREIGN):
                continue
            there, nowhere = (
                self.ask(operation, person, naming(given, operation, place, each)) for each in (name, absent)
            )
            is_pattern = place.rpartition(".")[2] in PLURALS and nowhere.status == 200
            if there.status == 200 and not operation.query and not is_pattern:
                yield f"{operation.name} with {place}={name} by {person.name}: it took what that can't see"
            elif not _same(there, name, nowhere, absent, FOREIGN):
                told = f"{there.text} and {nowhere.text}"
                yield f"{operation.name} with {place}={name} by {person.name}: told apart: {told}"

    def ask(self, operation: Operation[..., Any], person: Person, given: Mapping[str, Any]) -> Answer:
        """Ask for an operation over HTTP; what it changed is taken back."""
        self.asked += 1
        answer = self.client.ask("POST", operation.path, token=person.token, json=given)
        if answer.status == 200:
            self.succeeded.add(operation.name)
        if not operation.query and answer.status not in UNTOUCHED:
            self.restore()
        return answer

    def _name(self, kind: str, project: str) -> str | None:
        if kind == "*":
            return f"dataset/{self.world.thing(project, 'dataset')}@1"
        return self.world.thing(project, kind)


def _is_title(kind: str) -> bool:
    known = kind_of(kind)
    return known is not None and bool(known.qualify)


def nobody(name: str, project: str) -> str:
    """Return the name, or the id, of no thing that looks like this one's."""
    if MARKS[project] in name:
        return name.replace(MARKS[project], NOWHERE)
    if name == project or "-" not in name:
        return NOWHERE
    head, dot, step = name.partition(".")
    return head[:-6] + ("000000" if not head.endswith("000000") else "111111") + dot + step


def _same(one: Answer, name: str, other: Answer, absent: str, project: str) -> bool:
    said = {
        answer.text.replace(each, "…").replace(MARKS[project], "…").replace(NOWHERE, "…")
        for answer, each in ((one, name), (other, absent))
    }
    return one.status == other.status and len(said) == 1


def _wrong(what: str, due: Due, answer: Answer) -> Iterator[str]:
    told = f"{what}: {answer.status} {answer.text[:400]}"
    if answer.status >= 500:
        yield told
    elif due == ALLOWED:
        if answer.status in {401, 403}:
            yield f"{told}, but it is allowed"
        elif answer.status == 404 and any(
            f"{mark}'" in answer.error.get("what", "") for mark in (*MARKS.values(), COMMON)
        ):
            yield f"{told}, but it is there"
    elif answer.status != due.status:
        yield f"{told}, but {due.status} is due" + (f" for want of {due.lacks}" if due.lacks else "")
    elif due.lacks not in answer.text:
        yield f"{told}: it does not name {due.lacks}"
