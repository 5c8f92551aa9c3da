"""Write notes to an incident, name the test that stays, and close it."""

from __future__ import annotations

import msgspec

from meguru.alerts.acknowledge import check_note
from meguru.alerts.incidents import store
from meguru.alerts.incidents.show import story_of
from meguru.alerts.incidents.types import Incident, IncidentNote, IncidentState
from meguru.base import refs
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation

MAX_TESTS, MAX_TEST_LENGTH = 50, 300


@operation("incident.note", permission="incident:write", on="incident")
def note(ctx: Context, *, incident: str, text: str = "", test: str = "") -> Incident:
    """Write a note to an incident; `test` names what stays so that it is noticed the next time.

    That is a reference (``dataset/golden@3``, ``endpoint/delay`` with its gates, ``monitor/delay-watch``),
    or the name of a test in the code, such as ``tests/test_rows.py::test_no_negative_prices``.
    """
    known = _open(ctx, incident)
    said, named = check_note(text), _check_test(ctx, test)
    if not (said or named):
        raise InvalidInput("a note says something", field="text", hint="or names the test that stays")
    store.add_note(ctx.tx, known.id, IncidentNote(at=ctx.now(), by=ctx.principal.name, text=said, test=named))
    if named and named not in known.tests:
        known = msgspec.structs.replace(known, tests=[*known.tests, named][-MAX_TESTS:])
        store.save(ctx.tx, known)
    used = [named] if _is_reference(named) else []
    ctx.emit("incident.noted", known.ref, data={"text": said, "test": named}, used=used)
    return known


@operation("incident.close", permission="incident:write", on="incident")
def close(ctx: Context, *, incident: str, conclusion: str, test: str = "") -> Incident:
    """Close an incident with what was learnt; `test` names the test that stays.

    Raises
    ------
    Conflict
        While its alert is not over.
    """
    known = _open(ctx, incident)
    said = check_note(conclusion)
    if not said:
        raise InvalidInput("say what was learnt", field="conclusion")
    if test:
        known = note(ctx, incident=known.id, test=test)
    story = story_of(ctx, known)
    if story.alert.is_open:
        raise Conflict(
            f"{story.alert.ref} is not over",
            where=known.ref,
            why="what went wrong goes on",
            hint=f"when it is over without an answer: meguru alert resolve {story.alert.id}",
        )
    closed = msgspec.structs.replace(
        known,
        state=IncidentState.CLOSED,
        closed_at=ctx.now(),
        closed_by=ctx.principal.name,
        conclusion=said,
    )
    store.save(ctx.tx, closed)
    times = {name: getattr(story.figures, name) for name in ("to_notice", "to_act", "to_restore")}
    ctx.emit("incident.closed", closed.ref, data={"conclusion": said, "tests": closed.tests, **times})
    return closed


def _open(ctx: Context, incident: str) -> Incident:
    known = store.one(ctx.tx, incident, lock=True)
    if known.state is not IncidentState.OPEN:
        why = f"by {known.closed_by} at {known.closed_at:%Y-%m-%d %H:%M} UTC"
        raise Conflict(f"{known.ref} is closed", why=why, where=known.ref)
    return known


def _check_test(ctx: Context, test: str) -> str:
    text = test.strip()
    if len(text) > MAX_TEST_LENGTH:
        raise InvalidInput(f"a test has at most {MAX_TEST_LENGTH} characters", field="test")
    if _is_reference(text):
        ref = refs.parse(text)
        ctx.check_readable(ref.kind, text)
    return text


def _is_reference(text: str) -> bool:
    return text.partition("/")[0] in refs.KINDS and "/" in text
