"""What people write: kept beside the facts, marked when it became stale, a part of what is approved."""

from __future__ import annotations

import msgspec
import pytest

from meguru.cards import operations as cards
from meguru.cards.kind import CardSpec
from meguru.cards.render.markdown import markdown
from meguru.cards.render.page import page_of
from meguru.cards.traits import traits_of
from meguru.errors import Conflict, InvalidInput, MeguruError, NotFound
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.tokens import create_token
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.releases import operations as releases
from meguru.releases.documents import documents_of
from meguru.serving import operations as endpoints


def shown(workspace, ref, language="en"):
    return markdown(page_of(cards.show(workspace, ref=ref), EvidenceWords(language)))


def test_a_part_is_marked_once_the_model_is_another_one_until_somebody_confirms_it(own):
    cards.edit(own, ref="model/delay@1", part="intended_use", text="Tell who waits.")
    assert cards.show(own, ref="model/delay@1").stale == []
    (stale,) = cards.show(own, ref="model/delay@2").stale
    assert (stale.part, stale.written_for) == ("intended_use", "model/delay@1")
    added = [each for each in stale.since if each.what == "feature"]
    assert [(each.added, each.gone) for each in added] == [(["gusts"], [])]
    text = shown(own, "model/delay@2")
    assert "Written for delay@1; since then: features +1 (gusts)" in text
    assert "auc 0." in text.partition("since then")[2]
    cards.confirm(own, ref="model/delay@2", parts=["intended_use"])
    assert cards.show(own, ref="model/delay@2").stale == []
    assert cards.show(own, ref="model/delay@1").stale  # it is of the second version now


def test_data_of_another_project_make_no_words_stale_for_those_who_see_it(own):
    facts = cards.show(own, ref="model/delay@1").facts
    (data,) = facts.data
    theirs = msgspec.structs.replace(data, ref="dataset/team/flights@1")
    told = [each.what for each in traits_of(msgspec.structs.replace(facts, data=[theirs]))]
    assert "personal column" in [each.what for each in traits_of(facts)]
    assert "personal column" not in told


def test_writing_it_anew_settles_it_and_an_empty_text_takes_it_away(own):
    cards.edit(own, ref="model/delay@1", part="caveats", text="Not at night.")
    assert cards.show(own, ref="model/delay").stale
    cards.edit(own, ref="model/delay", part="caveats", text="Neither at night nor in storms.")
    assert cards.show(own, ref="model/delay").stale == []
    cards.edit(own, ref="model/delay", part="caveats", text="")
    assert cards.show(own, ref="model/delay").words == []


def test_who_looked_at_another_text_can_not_write_over_it(own):
    cards.edit(own, ref="model/delay", part="caveats", text="one", expect="")
    with pytest.raises(Conflict, match="not as it was"):
        cards.edit(own, ref="model/delay", part="caveats", text="two", expect="")
    cards.edit(own, ref="model/delay", part="caveats", text="two", expect="one")
    assert cards.list_cards(own)[0].words == {"caveats": "two"}


def test_what_is_no_part_and_what_is_about_nothing_is_refused(own):
    with pytest.raises(InvalidInput, match="no part"):
        cards.edit(own, ref="model/delay", part="two words", text="a")
    with pytest.raises(InvalidInput, match="too long"):
        cards.edit(own, ref="model/delay", part="caveats", text="a" * 50_001)
    with pytest.raises(InvalidInput, match="control"):
        cards.edit(own, ref="model/delay", part="caveats", text="a\x07")
    with pytest.raises(NotFound):
        cards.confirm(own, ref="model/delay@1", parts=["owners"])
    for about in ("model/delay@1", "monitor/delay", "model/other/delay"):
        with pytest.raises(InvalidInput):
            cards.specs.declare(own, name="delay", spec=CardSpec(about=about))
    cards.specs.declare(own, name="delay", spec=CardSpec(words={"owners": "us"}))
    with pytest.raises(InvalidInput, match="card/delay is about"):
        cards.specs.declare(own, name="again", spec=CardSpec(about="model/delay"))


def test_words_may_come_before_what_they_are_about(own):
    cards.specs.declare(own, name="late", spec=CardSpec(about="endpoint/late", words={"owners": "us"}))
    endpoints.create(own, name="late", model="delay")
    (owners,) = cards.show(own, ref="endpoint/late").words
    assert (owners.text, owners.written_for, owners.since) == ("us", "", [])


def test_the_japanese_text_is_shown_to_who_reads_japanese(own):
    cards.edit(own, ref="model/delay", part="intended_use", text="Tell who waits.")
    cards.edit(own, ref="model/delay", part="intended_use.ja", text="待つ人に知らせる。")
    assert "Tell who waits." in shown(own, "model/delay")
    assert "待つ人に知らせる。" in shown(own, "model/delay", "ja")
    assert "Tell who waits." not in shown(own, "model/delay", "ja")


def test_an_approval_of_other_words_is_void(own):
    create_principal(own, name="ana", role="engineer")
    ana = own.with_(principal=authenticate(own, create_token(own, principal="ana").secret))
    policies.declare(own, name="production", spec=ReleasePolicySpec(approvals=1))
    cards.edit(own, ref="model/delay", part="intended_use", text="Tell who waits.")
    release = releases.create(own, endpoint="delay", model="delay@1").ref
    releases.check(own, release=release)
    releases.request(own, release=release)
    assert releases.approve(ana, release=release).state == "valid"
    cards.edit(own, ref="model/delay", part="intended_use", text="Punish who is late.")
    assert [each.state for each in releases.review(own, release=release).standing.decisions] == ["void"]
    with pytest.raises(MeguruError):
        releases.promote(own, release=release)


def test_whoever_changes_the_words_changes_what_a_release_is_made_of(own):
    before = releases.create(own, endpoint="delay", model="delay@1")
    assert before.content.documents == []
    cards.edit(own, ref="model/delay", part="intended_use", text="Tell who waits.")
    after = releases.create(own, endpoint="delay", model="delay@1")
    assert [each.ref for each in after.content.documents] == ["card/delay"]
    assert after.content_digest != before.content_digest
    cards.edit(own, ref="endpoint/delay", part="procedures", text="Call the tower.")
    cards.confirm(own, ref="model/delay@1")
    with own.read() as tx:
        assert documents_of(tx, "delay", "model/delay@1") == after.content.documents
    cards.edit(own, ref="model/delay", part="intended_use", text="Tell everybody.")
    with own.read() as tx:
        assert documents_of(tx, "delay", "model/delay@1") != after.content.documents
    assert sorted(each.name for each in cards.list_cards(own)) == ["delay", "delay-endpoint"]


def test_a_new_card_takes_no_name_that_another_has(own):
    for name, about in (("delay", "model/delay"), ("delay-endpoint", "dataset/flights")):
        cards.specs.declare(own, name=name, spec=CardSpec(about=about, words={"owners": "us"}))
    made = cards.edit(own, ref="endpoint/delay", part="owners", text="them")
    assert (made.name, made.words) == ("delay-endpoint-2", {"owners": "them"})
    kept = {each.name: each.about for each in cards.list_cards(own)}
    assert kept["delay-endpoint"] == "dataset/flights"
