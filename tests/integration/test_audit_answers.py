"""An auditor's questions on either database."""

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.audit.answers.operations import audit_events, changes, in_force, person, who_could
from meguru.base.settings import Settings
from meguru.governance.principals import create_principal, set_role
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.testing.events import sample


@pytest.fixture
def ws(postgres_url, tmp_path, clock):
    settings = Settings(blobs=str(tmp_path / "blobs"), secret_key="x" * 40)
    with open_local(postgres_url, settings=settings, clock=clock) as opened:
        yield opened


@pytest.mark.integration
def test_each_question_is_answered_on_a_database_server_too(ws, clock):
    start = clock.now()
    create_principal(ws, name="ana", role="viewer")
    token = create_token(ws, principal="ana", days=1).token
    clock.move(timedelta(hours=1))
    set_role(ws, name="ana", role="engineer")
    with ws.db.write() as tx:
        for by, type, more in (
            ("ana", "release.approved", {"approval": "a", "digest": "d"}),
            ("ana_x", "release.approved", {"approval": "b", "digest": "d"}),
            ("", "release.promoted", {"endpoint": "endpoint/churn", "digest": "d"}),
        ):
            data = sample(type) | more | ({"by": by} if by else {})
            events.append(
                tx, type=type, at=clock.now(), actor="door", operation="o", subject="release/x@1", data=data
            )  # fmt: skip
    (who,) = who_could(ws, ref="model/x", verb="read", at=start).who
    assert (who.principal, who.tokens) == ("ana", [token.id])
    assert who_could(ws, ref="model/x", verb="write", at=start).who == []
    assert len(who_could(ws, ref="model/x", verb="write").who) == 1
    assert [each.fields[0].after for each in changes(ws, ref="principal/ana").items][-1] == "engineer"
    found = person(ws, name="ana")
    assert (found.counts["release.approved"], found.first, found.last) == (1, start, clock.now())
    (live,) = in_force(ws).releases
    assert [each.by for each in live.approvals] == ["ana", "ana_x"]
    assert [each.type for each in audit_events(ws, type="release.*", since=clock.now()).items][
        -1
    ] == "release.promoted"
