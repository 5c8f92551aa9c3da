"""Comments: what is said, by whom, about what, and who may change it."""

import pytest

from meguru.alerts.inbox.follow import InboxFollower
from meguru.alerts.inbox.mail import item_of
from meguru.alerts.inbox.show import inbox, read
from meguru.alerts.inbox.subscribe import follow, list_subscriptions, unfollow
from meguru.comments.mentions import names_in
from meguru.comments.show import list_comments
from meguru.comments.write import add, edit, moderate, remove
from meguru.datasets.personal.erase import erase
from meguru.errors import Conflict, Forbidden, InvalidInput, NotFound
from meguru.governance.principals import create_principal
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.serving import create as endpoints


def acting_as(ws, name):
    with ws.read() as tx:
        return ws.with_(principal=standing(tx, name))


@pytest.fixture
def team(workspace):
    """A workspace with an endpoint, an engineer, a viewer and another viewer."""
    for name, role in (("anna", "engineer"), ("ben", "viewer"), ("chie", "viewer")):
        create_principal(workspace, name=name, role=role)
    endpoints.create(workspace, name="delay", model="delay")
    InboxFollower(workspace).step()
    return workspace


def test_names_in_a_text_are_those_after_an_at_sign():
    text = "@anna, see model/delay@3 and mail b@example.com (@ben.). `@chie` \n```\n@dora\n```\n@@eve /@fay @"
    assert names_in(text) == ["anna", "ben"]


def test_who_may_read_may_say_what_they_think_and_no_more(team):
    ben = acting_as(team, "ben")
    said = add(ben, about="endpoint/delay", text="  why so **late**, @anna and @nobody?  ")
    assert (said.author, said.text, said.mentions) == ("ben", "why so **late**, @anna and @nobody?", ["anna"])
    changed = edit(ben, comment=said.id, text="why so late, @chie?")
    assert changed.edited_at is not None
    chie = acting_as(team, "chie")
    with pytest.raises(Conflict, match="not yours"):
        edit(chie, comment=said.id, text="mine")
    with pytest.raises(Conflict, match="not yours"):
        remove(chie, comment=said.id)
    with pytest.raises(Forbidden):
        moderate(chie, comment=said.id, reason="I don't like it")
    assert moderate(team, comment=said.id, reason="off topic").text == ""
    with pytest.raises(Conflict, match="was removed"):
        edit(ben, comment=said.id, text="again")
    (left,) = list_comments(ben, about="endpoint/delay").items
    assert (left.text, left.removed_by) == ("", "local")


def test_a_comment_is_about_a_thing_that_there_is(team):
    for ref in ("endpoint/none", "model/delay@3", "run/run-0000"):
        with pytest.raises(NotFound, match=ref.partition("/")[2]):
            add(team, about=ref, text="hello")
    for text in ("", "  \n", "x" * 10_001, "a\0b"):
        with pytest.raises(InvalidInput):
            add(team, about="endpoint/delay", text=text)
    first = add(team, about="endpoint/delay", text="first")
    endpoints.create(team, name="other", model="other")
    with pytest.raises(NotFound):
        add(team, about="endpoint/other", text="an answer", reply_to=first.id)


def test_the_log_tells_of_a_comment_without_its_words(team):
    add(team, about="endpoint/delay", text="the secret of anna@example.com")
    with team.read() as tx:
        (told,) = events.read(tx, types=["comment.added"])
    assert "secret" not in str(told)


def test_an_inbox_has_what_one_follows_and_who_names_one(team):
    anna, ben, chie = (acting_as(team, name) for name in ("anna", "ben", "chie"))
    follow(chie, ref="endpoint/delay")
    question = add(ben, about="endpoint/delay", text="@anna?")
    add(anna, about="endpoint/delay", text="soon", reply_to=question.id)
    InboxFollower(team).step()
    InboxFollower(team).step()
    found = {who.principal.name: inbox(who, unread=True) for who in (anna, ben, chie)}
    assert [(each.why, each.actor) for each in found["anna"].items] == [("mentioned", "ben")]
    # Who speaks of a thing follows it; an answer is more than that.
    assert [(each.why, each.actor) for each in found["ben"].items] == [("answered", "anna")]
    assert [each.why for each in found["chie"].items] == ["followed", "followed"]
    assert found["chie"].unread == 2
    assert [each.about for each in list_subscriptions(ben)] == ["endpoint/delay"]
    read(chie)
    assert inbox(chie, unread=True).items == []
    assert len(inbox(chie).items) == 2


def test_what_came_before_one_followed_it_is_not_told(team):
    chie = acting_as(team, "chie")
    endpoints.create(team, name="other", model="other")
    follow(chie, ref="endpoint/other")
    add(team, about="endpoint/other", text="hello")
    InboxFollower(team).step()  # the first look since before there was that endpoint
    assert [each.type for each in inbox(chie).items] == ["comment.added"]


def test_a_mail_has_the_words_of_a_comment_for_those_who_may_read_it(team):
    anna, ben = acting_as(team, "anna"), acting_as(team, "ben")
    add(ben, about="endpoint/delay", text="@anna, the **secret**")
    InboxFollower(team).step()
    (item,) = inbox(anna).items
    deaf = Principal(name="anna", grants={"": frozenset({"event:read"})})
    with team.read() as tx:
        assert item_of(team, tx, item, anna.principal, "en").facts == ["@anna, the **secret**"]
        assert item_of(team, tx, item, deaf, "en").facts == []


def test_who_unfollows_is_told_only_when_named(team):
    anna, ben = acting_as(team, "anna"), acting_as(team, "ben")
    add(ben, about="endpoint/delay", text="one")
    InboxFollower(team).step()
    unfollow(ben, ref="endpoint/delay")
    add(ben, about="endpoint/delay", text="two")
    add(anna, about="endpoint/delay", text="three")
    add(anna, about="endpoint/delay", text="four @ben")
    InboxFollower(team).step()
    assert [each.why for each in inbox(ben).items] == ["mentioned"]
    assert list_subscriptions(ben) == []


def test_a_person_is_erased_from_comments(team):
    add(team, about="endpoint/delay", text="call anna@example.com, not joanna@example.com.au")
    found = erase(team, who={"email": ["anna@example.com"]}, dry_run=True)
    assert [each.what for each in found.found] == ["places in text"]
    erase(team, who={"email": ["anna@example.com"]})
    (left,) = list_comments(team).items
    assert left.text == "call •••, not joanna@example.com.au"


def test_what_one_may_not_see_one_can_neither_follow_nor_find_in_an_inbox(team):
    create_principal(team, name="dora", role="guest")
    dora, ben = acting_as(team, "dora"), acting_as(team, "ben")
    with pytest.raises(NotFound):
        follow(dora, ref="endpoint/delay")
    with pytest.raises(NotFound):
        unfollow(dora, ref="endpoint/delay")
    add(ben, about="endpoint/delay", text="@dora, look")
    InboxFollower(team).step()
    assert inbox(dora).items == []
    assert inbox(dora).unread == 0
