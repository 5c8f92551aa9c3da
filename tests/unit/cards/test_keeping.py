"""Cards are kept when a version comes or goes live, each under a digest, and once for each event."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from meguru.cards import assemble, store
from meguru.cards import operations as cards
from meguru.cards.evidence import evidence
from meguru.cards.facts.types import CardSlice
from meguru.cards.follow import CardKeeper
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs as datasets
from meguru.datasets.personal.erase import erase
from meguru.datasets.types import ColumnSpec
from meguru.errors import Busy, DigestMismatch, NotFound
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.testing.models import make_flights


@pytest.fixture
def kept(own):
    cards.edit(own, ref="dataset/flights", part="collection", text="By radar.")
    CardKeeper(own).step()
    return own


def test_the_follower_keeps_what_was_registered_and_what_went_live_once(kept):
    def known(ref):
        return [each.reason for each in cards.history(kept, ref=ref)]

    assert known("model/delay@1") == ["model_version.registered"]
    assert known("model/delay@2")[-1] == "model_version.registered"
    assert known("endpoint/delay") == ["release.promoted"]
    assert known("dataset/flights@1") == ["dataset_version.created"]
    with kept.read() as tx:
        told = events.read(tx, types=("card.kept",), limit=100)
    CardKeeper(kept).step()
    CardKeeper(kept).step()
    with kept.read() as tx:
        assert events.read(tx, types=("card.kept",), limit=100) == told
        causes = [events.get(tx, each.cause).type for each in told]
    assert set(causes) == {"model_version.registered", "release.promoted", "dataset_version.created"}


def test_what_concerns_no_card_moves_no_cursor_and_hides_nothing_that_comes_after(kept, tmp_path):
    keeper = CardKeeper(kept)
    keeper.step()
    with kept.read() as tx:
        before, head = store.cursor(tx), events.head(tx)
    cards.edit(kept, ref="model/delay", part="owners", text="us")
    keeper.step()
    with kept.read() as tx:
        assert (store.cursor(tx), events.head(tx) > head) == (before, True)
    make_flights(5).with_columns(name=pl.lit("Ann")).write_csv(tmp_path / "more.csv")
    more = add_files(kept, "flights", [tmp_path / "more.csv"])
    keeper.step()
    assert [each.reason for each in cards.history(kept, ref=more.ref)] == ["dataset_version.created"]


def test_the_same_again_keeps_none_and_the_digest_is_of_what_it_says(kept):
    first = cards.write(kept, ref="model/delay@1")
    assert cards.write(kept, ref="model/delay@1") == first
    cards.edit(kept, ref="model/delay", part="owners", text="us")
    second = cards.write(kept, ref="model/delay@1", reason="audit")
    assert (second.number, second.reason) == (first.number + 1, "audit")
    assert second.digest != first.digest
    assert cards.show(kept, ref="model/delay@1", kept=second.number).digest == second.digest
    assert cards.show(kept, ref="model/delay@1", kept=first.number).words == []
    with pytest.raises(NotFound, match="kept card"):
        cards.show(kept, ref="model/delay@1", kept=9)


def test_a_diff_has_the_words_that_were_kept_with_each_version(kept):
    cards.edit(kept, ref="model/delay", part="owners", text="us")
    cards.write(kept, ref="model/delay@1")
    cards.edit(kept, ref="model/delay", part="owners", text="them")
    cards.write(kept, ref="model/delay@2")
    changes = {
        (each.section, each.name): each
        for each in cards.diff(kept, before="model/delay@1", after="model/delay@2").changes
    }
    assert (changes["words", "owners"].before, changes["words", "owners"].after) == ("us", "them")
    assert changes["features", "gusts"].before is None
    assert ("metrics", "auc") in changes
    assert ("data", "dataset/flights") not in changes


def test_what_became_personal_since_is_not_shown_of_a_kept_card(kept):
    def low():
        features = cards.show(kept, ref="model/delay@2", kept=1).facts.features
        return next(each.low for each in features if each.name == "hour")

    assert low() is not None
    with kept.db.write() as tx:
        body = store.body(tx, "model/delay@2", 1)
        part = CardSlice(column="hour", value="7", rows=9, metrics=[])
        facts = msgspec.structs.replace(body.facts, slices=[part])
        store.put_body(tx, "model/delay@2", 1, msgspec.structs.replace(body, facts=facts))
    assert cards.show(kept, ref="model/delay@2", kept=1).facts.slices == [part]
    tags = {"name": ColumnSpec(tags=["pii"]), "hour": ColumnSpec(tags=["pii"])}
    datasets.declare(kept, name="flights", spec=DatasetSpec(columns=tags))
    assert low() is None
    assert [each.value for each in cards.show(kept, ref="model/delay@2", kept=1).facts.slices] == ["…"]


def test_a_kept_card_tells_its_reader_no_more_than_they_may_read(kept):
    ana = kept.with_(principal=Principal(name="ana", permissions=frozenset({"card:read", "model:read"})))
    facts = cards.show(ana, ref="model/delay@2", kept=0).facts
    assert (facts.data, facts.releases, facts.gates) == ([], [], [])
    # What one may read in another project is nothing here.
    rights = {"": frozenset({"card:read", "model:read", "endpoint:read"}), "other": permissions_of("viewer")}
    bea = kept.with_(principal=Principal(name="bea", grants=rights))
    for number in (None, 0):
        facts = cards.show(bea, ref="model/delay@2", kept=number).facts
        assert (facts.data, facts.releases, facts.gates) == ([], [], [])
        facts = cards.show(bea, ref="endpoint/delay", kept=number).facts
        assert (facts.told, facts.releases, facts.monitors) == ([], [], [])
    far = kept.with_(principal=Principal(name="far", grants={"other": permissions_of("viewer")}))
    with pytest.raises(NotFound):
        cards.show(far, ref="model/delay@2", kept=1)


def test_a_person_is_erased_from_words_and_from_kept_cards(kept):
    cards.edit(kept, ref="model/delay", part="contacts", text="Call Ann Smith, not Ann Smithers.")
    cards.write(kept, ref="model/delay@1")
    cards.edit(kept, ref="endpoint/delay", part="contacts", text="Ann Smith")
    cards.specs.retire(kept, name="delay-endpoint")

    def erased(**options):
        found = erase(kept, who={"name": ["Ann Smith"]}, **options).found
        return [(each.ref, each.what) for each in found if "card" in each.what]

    told = [
        ("card/delay", "words of a card"),
        ("card/delay-endpoint", "words of a card"),
        ("model/delay@1", "a kept card"),
    ]
    assert erased(dry_run=True) == told
    assert "Ann Smith," in cards.list_cards(kept)[0].words["contacts"]
    assert erased() == told
    assert erased(dry_run=True) == []
    assert cards.list_cards(kept)[0].words["contacts"] == "Call •••, not Ann Smithers."
    assert "Ann Smith," not in str(cards.show(kept, ref="model/delay@1", kept=0))


def test_of_a_persons_values_no_end_is_left_behind_and_long_ones_are_found_in_any_case(kept):
    text = "Ask Anna, ANNA@example.com; anna is a village."
    cards.edit(kept, ref="model/delay", part="contacts", text=text)
    erase(kept, who={"name": ["Anna", "Anna@example.com"]})
    assert cards.list_cards(kept)[0].words["contacts"] == "Ask •••, •••; anna is a village."


def test_a_card_is_evidence_for_the_version_for_which_all_of_it_was_looked_at(kept):
    def known(model):
        with kept.read() as tx:
            return evidence(tx, model, "")

    assert known("model/delay@2") == {}
    cards.edit(kept, ref="model/delay@1", part="intended_use", text="Tell who waits.")
    assert (known("model/delay@1"), known("model/delay@2")) == ({"card": ["card/delay"]}, {})
    cards.confirm(kept, ref="model/delay@2")
    assert known("model/delay@2") == {"card": ["card/delay"]}


def test_a_store_that_is_away_costs_no_card(own, monkeypatch):
    keeper, known = CardKeeper(own), assemble.assemble

    def away(reader, ref):
        raise Busy("the store of blobs is away")

    monkeypatch.setattr(assemble, "assemble", away)
    with pytest.raises(Busy):
        keeper.step()
    monkeypatch.setattr(assemble, "assemble", known)
    keeper.step()
    assert cards.history(own, ref="model/delay@2")


def test_files_that_are_damaged_keep_no_other_card_waiting(own, monkeypatch):
    known = assemble.assemble

    def damaged(reader, ref):
        if ref == "model/delay@1":
            raise DigestMismatch("the profile is not what was written")
        return known(reader, ref)

    monkeypatch.setattr(assemble, "assemble", damaged)
    CardKeeper(own).step()
    assert cards.history(own, ref="model/delay@2")
    assert not cards.history(own, ref="model/delay@1")
