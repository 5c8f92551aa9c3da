"""Reviews by many at once, on SQLite and on PostgreSQL: one order, and just so many people."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.errors import ApprovalMissing, MeguruError
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import RELEASE_POLICY, ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.tokens import create_token
from meguru.governance.waivers.expire import expire
from meguru.governance.waivers.operations import grant, request, revoke, show
from meguru.kernel.declarations import declare
from meguru.kernel.operations import Operation
from meguru.kernel.principals import Principal
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


@contextmanager
def meanwhile(ws, work):
    """Keep a change open, not yet committed, while something else begins."""
    begun = Event()

    def change(ctx):
        work(ctx)
        begun.set()
        time.sleep(0.3)

    with ThreadPoolExecutor(1) as pool:
        change_ = pool.submit(Operation(change, "test.change", "test:write", query=False, evented=False), ws)
        assert begun.wait(60)
        yield
        change_.result()


def test_a_policy_that_is_being_changed_holds_for_the_promotion_after_it(shared):
    policies.declare(shared, name="production", spec=ReleasePolicySpec(approvals=0))
    made = releases.create(shared, endpoint="delay", model="delay@1").ref
    releases.check(shared, release=made)
    with (
        meanwhile(shared, lambda ctx: declare(ctx, RELEASE_POLICY, "production", ReleasePolicySpec())),
        pytest.raises(ApprovalMissing),
    ):
        releases.promote(shared, release=made)


def test_a_waiver_that_is_being_taken_back_does_not_expire_meanwhile(shared):
    shared.clock = FixedClock(datetime.now(UTC))
    ana, ben = (
        shared.with_(principal=Principal(name=name, permissions=frozenset({"*"}))) for name in ("ana", "ben")
    )
    small = [{"gate": "size", "at_most_mb": 0.000001}]
    endpoints.create(shared, name="tight", model="delay", gates=small)
    made = releases.create(shared, endpoint="tight", model="delay@1").ref
    releases.check(shared, release=made)
    until = shared.clock.now() + timedelta(days=1)
    item = request(ana, release=made, gate="size", reason="for a day", until=until).ref
    grant(ben, waiver=item)
    shared.clock.move(timedelta(days=2))
    with meanwhile(shared, lambda ctx: revoke(ctx, waiver=item, reason="no")):
        expire(shared)
    assert show(shared, waiver=item).state == "revoked"
