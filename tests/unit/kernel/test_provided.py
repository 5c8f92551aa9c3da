"""What kinds provide to those below them is found by the family's name."""

from meguru.app.kinds import all_kinds
from meguru.kernel.kinds import kinds, provided
from meguru.kernel.kinds.kind import load


def test_a_family_has_the_members_that_kinds_provide():
    all_kinds()
    assert provided("gate reader").names() == ["release"]
    assert provided("baseline source").names() == ["model"]
    assert provided("pipeline output").names() == ["dataset", "model"]
    assert provided("nothing like it").names() == []


def test_everything_that_is_provided_is_there():
    all_kinds()
    places = [place for kind in kinds().values() for place in kind.provides.values()]
    assert places
    assert all(load(place) is not None for place in places)
