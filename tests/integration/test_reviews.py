"""Reviews by many at once, on SQLite and on PostgreSQL: one order, and just so many people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import MeguruError
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.tokens import create_token
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.testing.models import make_model

PEOPLE = ("ana", "ben", "cal", "dan")
SECRET = "a key of servers that share a database"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def shared(request, tmp_path):
    is_file = request.param == "sqlite"
    place = str(tmp_path / "workspace") if is_file else request.getfixturevalue("empty_postgres_url")
    settings = Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL", secret_key=SECRET)
    with open_local(place, settings=settings) as ws:
        add_model(ws, "delay", make_model(seed=5))
        endpoints.create(ws, name="delay", model="delay")
        policies.declare(ws, name="production", spec=ReleasePolicySpec(approvals=2))
        yield ws


def test_at_the_same_moment_just_as_many_count_as_agreed_and_a_promotion_is_before_or_after_a_withdrawal(
    shared,
):
    made = releases.create(shared, endpoint="delay", model="delay@1").ref
    releases.check(shared, release=made)
    releases.request(shared, release=made)
    for name in PEOPLE:
        create_principal(shared, name=name, role="engineer")
    people = [
        shared.with_(principal=authenticate(shared, create_token(shared, principal=name).secret))
        for name in PEOPLE
    ]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda ws: releases.approve(ws, release=made), people[:2] * 3))
    assert len({each.id for each in kept}) == 2
    (policy,) = releases.review(shared, release=made).standing.policies
    assert sorted(policy.stages[0].by) == ["ana", "ben"]

    def race(work):
        try:
            return work()
        except MeguruError as error:
            return type(error).__name__

    with ThreadPoolExecutor(2) as pool:
        promoted, withdrawn = pool.map(
            race,
            (
                lambda: releases.promote(shared, release=made),
                lambda: releases.withdraw(people[0], release=made),
            ),
        )
    live = releases.show(shared, ref=made).state is ReleaseState.LIVE
    assert live == (withdrawn == "Conflict")
    assert live == (promoted != "ApprovalMissing")
