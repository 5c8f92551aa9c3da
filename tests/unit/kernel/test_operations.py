"""Operations: authorised, typed, in one transaction, told of, done once per key."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select, text

from meguru import errors
from meguru.kernel import events
from meguru.kernel.operations import Context, idempotency, operation
from meguru.kernel.operations.plain import to_plain
from meguru.kernel.principals import Principal
from meguru.testing.events import declare_events

declare_events("thing.made")


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    size: int = 1


@operation("thing.make_for_others", permission="thing:write")
def make_for_others(ctx: Context, *, name: str) -> None:
    """Do half of it, then refuse."""
    ctx.execute(make, {"name": name})
    raise errors.Forbidden("not today", why="only on Sundays")


@operation("test_thing.make", permission="thing:write")
def make(ctx: Context, *, name: str, parts: list[Thing] | None = None, fail: bool = False) -> Thing:
    """Make a thing."""
    made = Thing(name=name, size=len(parts or []))
    ctx.emit(
        "thing.made",
        f"thing/{name}",
        used=[f"thing/{part.name}" for part in parts or []],
        produced=[f"thing/{name}"],
    )
    if fail:
        raise errors.InvalidInput("no")
    return made


@operation("test_thing.hide", permission="thing:write")
def hide(ctx: Context) -> None:
    """Change something and tell nobody."""
    ctx.tx.execute(text("UPDATE event_head SET seq = seq"))


@operation("test_thing.pair", permission="thing:write")
def pair(ctx: Context, *, fail: bool = False) -> list[Thing]:
    """Make two things in one transaction."""
    first = make(ctx, name="a")
    return [first, make(ctx, name="b", fail=fail)]


@operation("test_thing.make_and_more", permission="thing:write")
def make_and_more(ctx: Context, *, fail: bool = False) -> Thing:
    """Make a thing, with works that follow: the first of them can't be done."""
    left = ctx.if_undone if fail else ctx.if_done
    left.append(lambda _: 1 / 0)
    left.append(lambda ws: make(ws, name="after"))
    return make(ctx, name="a", fail=fail)


@operation("test_thing.count", permission="thing:read", query=True)
def count(ctx: Context) -> int:
    """Count events."""
    return events.head(ctx.tx)


@operation("test_thing.sly", permission="thing:read", query=True)
def sly(ctx: Context) -> Thing:
    """Try to change something in a query."""
    return make(ctx, name="x")


VIEWER = Principal(name="vera", permissions=frozenset({"*:read"}))


def test_a_change_returns_its_typed_result_and_is_in_the_log(workspace):
    assert make(workspace, name="car", parts=[Thing(name="wheel")]) == Thing(name="car", size=1)
    with workspace.read() as tx:
        (told,) = events.read(tx)
    assert (told.type, told.subject, told.actor, told.operation) == (
        "thing.made",
        "thing/car",
        "local",
        "test_thing.make",
    )
    assert (told.used, told.produced) == (("thing/wheel",), ("thing/car",))


def test_an_operation_that_fails_leaves_nothing(workspace):
    with pytest.raises(errors.InvalidInput):
        make(workspace, name="car", fail=True)
    assert count(workspace) == 0


def test_a_nested_operation_shares_the_transaction(workspace):
    assert [thing.name for thing in pair(workspace)] == ["a", "b"]
    with pytest.raises(errors.InvalidInput):
        pair(workspace, fail=True)
    assert count(workspace) == 2


def test_how_an_operation_ended_is_told_whatever_comes_of_what_follows(workspace, caplog):
    assert make_and_more(workspace).name == "a"
    assert count(workspace) == 2
    with pytest.raises(errors.InvalidInput, match="no"):
        make_and_more(workspace, fail=True)
    assert count(workspace) == 3
    assert caplog.text.count("what follows from test_thing.make_and_more could not be done") == 2


def test_a_change_without_an_event_is_refused_and_rolled_back(workspace):
    with pytest.raises(errors.InternalError):
        hide(workspace)


def test_a_query_cannot_change_anything(workspace):
    with pytest.raises(errors.MeguruError):
        sly(workspace)
    assert count(workspace) == 0


def test_the_same_key_is_done_once_and_answers_the_same(workspace):
    first = make(workspace.with_(idempotency_key="k"), name="car")
    again = make(workspace.with_(idempotency_key="k"), name="car")
    assert first == again
    assert count(workspace) == 1


def test_a_key_used_for_other_arguments_is_a_conflict(workspace):
    make(workspace.with_(idempotency_key="k"), name="car")
    with pytest.raises(errors.Conflict):
        make(workspace.with_(idempotency_key="k"), name="bus")


def test_a_failed_try_does_not_use_up_its_key(workspace):
    keyed = workspace.with_(idempotency_key="k")
    with pytest.raises(errors.InvalidInput):
        make(keyed, name="car", fail=True)
    with pytest.raises(errors.InvalidInput):
        make(keyed, name="car", fail=True)
    make(keyed, name="car")
    assert count(workspace) == 1


def test_without_the_permission_nothing_happens_but_the_denial_is_logged(workspace):
    with pytest.raises(errors.Forbidden) as caught:
        make(workspace.with_(principal=VIEWER), name="car")
    assert "thing:write" in caught.value.why
    with workspace.read() as tx:
        (told,) = events.read(tx)
    assert (told.type, told.actor) == ("access.denied", "vera")
    assert count(workspace.with_(principal=VIEWER)) == 1


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "name"),
        ({"nam": "x"}, "nam"),
        ({"name": 3}, "name"),
        ({"name": "x", "parts": [{"name": "y", "size": "big"}]}, "parts[0].size"),
        ({"name": "x", "parts": [{"size": 1}]}, "parts[0].name"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(workspace, arguments, field):
    with pytest.raises(errors.InvalidInput) as caught:
        workspace.execute(make, arguments)
    assert caught.value.field == field


def test_a_tokens_scope_narrows_what_its_owner_may_do():
    narrowed = Principal(name="ci", permissions=frozenset({"*"}), scope=frozenset({"model:read"}))
    assert narrowed.allows("model:read")
    assert not narrowed.allows("model:write")
    wide = Principal(name="ci", permissions=frozenset({"*:read"}), scope=frozenset({"*"}))
    assert not wide.allows("model:write")


def test_who_may_do_the_whole_may_do_its_parts(workspace):
    @operation("test_thing.whole", permission="whole:write")
    def whole(ctx: Context) -> Thing:
        """Make a thing on somebody's behalf."""
        return make(ctx, name="part")

    assert whole.permission == "whole:write"
    person = Principal(name="w", permissions=frozenset({"whole:write"}))
    assert whole(workspace.with_(principal=person)).name == "part"
    with pytest.raises(errors.Forbidden):
        make(workspace.with_(principal=person), name="part")


def test_what_an_operation_itself_refuses_is_logged_too_and_nothing_of_it_stays(workspace):
    with pytest.raises(errors.Forbidden):
        make_for_others(workspace, name="car")
    with workspace.read() as tx:
        (told,) = events.read(tx)
    assert (told.type, told.operation) == ("access.denied", "thing.make_for_others")
    assert told.data == {"why": "only on Sundays"}


def test_answers_that_are_too_old_are_forgotten_now_and_then(workspace):
    now = workspace.clock.now()

    def stored(key, digest, at):
        with workspace.db.write() as tx:
            request = idempotency.IdempotentRequest(principal="a", operation="o", key=key, digest=digest)
            idempotency.store(tx, request, "1", at)

    stored("old", "1" * 64, now - idempotency.MAX_AGE - timedelta(seconds=1))
    stored("young", "1" * 64, now - timedelta(days=1))
    stored("other", "0" * 64, now)
    with workspace.read() as tx:
        assert set(tx.execute(select(idempotency.answer.c.key)).scalars()) == {"young", "other"}


def test_a_metric_that_is_no_number_is_taken_whatever_stands_beside_it():
    points = [{"value": float("nan"), "step": 10**18}]
    assert to_plain({"points": points})[0] == {"points": points}
    with pytest.raises(errors.InvalidInput, match="stored"):
        to_plain({"value": float("nan")})
