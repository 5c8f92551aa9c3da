"""The change-log of a model says what is certainly better, and no more."""

from __future__ import annotations

import pytest

from meguru.cards import operations as cards
from meguru.cards.changelog import _certainly, _verdict
from meguru.cards.export import words_in
from meguru.cards.facts.types import CardMetric
from meguru.cards.render.changelog import changelog_page
from meguru.cards.render.markdown import markdown
from meguru.errors import NotFound
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal


def metric(value, half, direction="higher", level=0.95):
    return CardMetric(
        metric="auc", value=value, low=value - half, high=value + half, level=level, direction=direction
    )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (metric(0.70, 0.01), metric(0.72, 0.01), "better"),
        (metric(0.70, 0.02), metric(0.72, 0.02), "no certain difference"),
        (metric(0.70, 0.01, "lower"), metric(0.72, 0.01, "lower"), "worse"),
        (metric(0.70, 0.01), CardMetric(metric="auc", value=0.9), "not comparable"),
    ],
)
def test_a_difference_is_certain_where_its_own_interval_says_so(before, after, verdict):
    assert _verdict(before, after) == verdict


def test_of_two_measures_with_the_same_error_the_margin_is_the_root_of_two_times_theirs():
    assert _verdict(metric(0.70, 0.01), metric(0.70 + 0.01 * 2**0.5 + 1e-9, 0.01)) == "better"
    assert _verdict(metric(0.70, 0.01), metric(0.70 + 0.01 * 2**0.5 - 1e-9, 0.01)) == "no certain difference"
    assert _certainly(-1, 1, "higher") == "no certain difference"


def test_each_version_tells_what_is_another_one_and_what_became_of_it(flights):
    new, old = cards.changelog(flights, model="delay")
    assert (new.version, new.before, old.before) == (2, "model/delay@1", "")
    assert [each.added for each in new.traits if each.what == "feature"] == [["gusts"]]
    assert (new.data, new.params) == ([], [])
    assert [each.name for each in old.data] == ["dataset/flights"]
    assert [each.state for each in new.releases] == ["live"]
    text = markdown(changelog_page("delay", [new, old], words_in("en"), lambda *_: ["abc fix"]))
    assert "# Change-log of delay" in text
    assert "features +1 (gusts)" in text
    assert "release/delay@1 from" in text
    assert "# delayの変更履歴" in markdown(changelog_page("delay", [new, old], words_in("ja")))


def test_it_is_restricted_to_what_its_reader_may_see(flights):
    ana = flights.with_(principal=Principal(name="ana", permissions=frozenset({"card:read", "model:read"})))
    new, old = cards.changelog(ana, model="delay")
    assert (old.data, new.gates, new.releases, new.causes) == ([], [], [], [])
    far = flights.with_(principal=Principal(name="far", grants={"other": permissions_of("viewer")}))
    with pytest.raises(NotFound):
        cards.changelog(far, model="delay")
