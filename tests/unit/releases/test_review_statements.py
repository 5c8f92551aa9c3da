"""What it costs to say where a review stands: a bounded number of statements."""

from __future__ import annotations

import sqlalchemy.event

from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.kernel import events
from meguru.releases import operations as releases
from meguru.releases import store
from meguru.releases.review import authors
from meguru.releases.review.standing import standing_of

pytest_plugins = ["meguru.testing.fixtures"]
TWO = ReleasePolicySpec(approvals=2)


def test_where_a_review_stands_costs_a_bounded_number_of_statements(team):
    """However long the chain of causes, and however many people decided."""
    team.policy(TWO)
    made = releases.create(team.ws, endpoint="delay", model="delay@1")
    releases.check(team.ws, release=made.ref)
    releases.request(team.ws, release=made.ref)
    asked = []

    def look():
        with team.ws.read() as tx:
            found = store.get(tx, made.ref)
            sqlalchemy.event.listen(tx, "before_cursor_execute", lambda *told: asked.append(told[2]))
            return standing_of(tx, found, team.ws.clock.now())

    look()
    before = asked.copy()
    assert len(before) <= 32
    releases.approve(team.ana, release=made.ref)
    releases.approve(team.ben, release=made.ref)
    del asked[:]
    assert [each.state for each in look().decisions] == ["valid", "valid"]
    assert len(asked) <= len(before) + 2 * 4  # each once: who it is, what they may, and their key
    cause = None
    with team.ws.db.write() as tx:
        for number in range(40):
            told = events.append(
                tx, type="release.created", subject=f"release/delay@{number + 1}", actor=f"p{number}",
                at=team.ws.clock.now(), operation="release.create", cause=cause,
                data=_created_data(tx),
            )  # fmt: skip
            cause = told.id
    with team.ws.read() as tx:
        del asked[:]
        sqlalchemy.event.listen(tx, "before_cursor_execute", lambda *told: asked.append(told[2]))
        found = list(authors._set_off(tx, [cause]))
    # The newest first, and thirty of them: one statement, not thirty.
    assert [name for name, _ in found] == [f"p{number}" for number in range(39, 9, -1)]
    assert len(asked) == 1


def _created_data(tx):
    (told,) = events.read(tx, types=("release.created",), limit=1)
    return told.data
