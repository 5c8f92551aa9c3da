"""Reviews of releases: who may agree, what voids it, what a promotion asks."""

from __future__ import annotations

import pytest

from meguru.errors import ApprovalMissing, Conflict
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

pytest_plugins = ["meguru.testing.fixtures"]


def signed_in(ws, name, **options):
    create_principal(ws, name=name, role=options.pop("role", "engineer"), **options)
    return ws.with_(principal=authenticate(ws, create_token(ws, principal=name).secret))


@pytest.fixture
def asked(workspace):
    """A passed release by the owner of the files, whose review two people are asked for."""
    endpoints.create(workspace, name="delay", model="delay", gates=[])
    policies.declare(workspace, name="production", spec=ReleasePolicySpec(approvals=2))
    made = releases.create(
        workspace, endpoint="delay", model=add_model(workspace, "delay", make_model(seed=5)).ref
    )
    releases.check(workspace, release=made.ref)
    return workspace


def test_two_distinct_people_put_a_release_live(asked):
    ana, ben = signed_in(asked, "ana"), signed_in(asked, "ben")
    with pytest.raises(ApprovalMissing, match="may not go live yet") as missing:
        releases.promote(asked, release="delay@1")
    assert "2 of 2 approvals lack" in missing.value.why
    with pytest.raises(Conflict, match="nobody asked"):
        releases.approve(ana, release="delay@1")
    releases.request(asked, release="delay@1", note="please")
    assert releases.approve(ana, release="delay@1", note="ok").state == "valid"
    assert releases.approve(ana, release="delay@1").note == "ok"
    with pytest.raises(ApprovalMissing, match="may not go live yet") as missing:
        releases.promote(asked, release="delay@1")
    assert "1 of 2 approvals lack" in missing.value.why
    releases.approve(ben, release="delay@1")
    assert releases.review(asked, release="delay@1").standing.lacks == []
    assert releases.promote(asked, release="delay@1").state is ReleaseState.LIVE
