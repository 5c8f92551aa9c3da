"""A waiver lets one gate's refusal of one model pass for a while: asked for by one, granted by another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.alerts.follow import AlertFollower
from meguru.alerts.show import list_alerts
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.console.routes import routes
from meguru.errors import Conflict, Forbidden, GateFailed, InvalidInput, NotFound
from meguru.evidence.export import export
from meguru.evidence.verify import verify_pack
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.roles import permissions_of
from meguru.governance.tokens import create_token
from meguru.governance.waivers.expire import expire
from meguru.governance.waivers.operations import deny, grant, list_waivers, request, revoke
from meguru.governance.waivers.operations import show as show_waiver
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import GateVerdict, ReleaseState
from meguru.serving import operations as endpoints
from meguru.serving.kind import EndpointSpec
from meguru.testing.forged_packs import forged, restated
from meguru.testing.models import make_model

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONTH = START + timedelta(days=30)
SMALL = {"gate": "size", "at_most_mb": 0.000001}
WHY = "the smaller one is trained by April"


@pytest.fixture
def clock():
    return FixedClock(START)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A workspace with a model that is too large for its endpoint, and a release that was refused for it."""
    place = tmp_path_factory.mktemp("waivers")
    with open_local(place, settings=Settings(sqlite_synchronous="NORMAL"), clock=FixedClock(START)) as ws:
        ada = as_(ws, "ada", "engineer")
        endpoints.create(ws, name="delay", model="delay", gates=[SMALL])
        add_model(ada, "delay", make_model())
        made = releases.create(as_(ws, "eva", "engineer"), endpoint="delay", model="delay@1")
        releases.check(ws, release=made.ref)
    return place


@pytest.fixture
def workspace(folder, tmp_path, clock):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    with open_local(tmp_path / "copy", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as ws:
        yield ws


def as_(ws, name, role="engineer", kind="user"):
    return ws.with_(principal=Principal(name=name, permissions=permissions_of(role), kind=kind))


def declare(ws, **fields):
    said = {"gates": [SMALL]} | fields
    endpoints.specs.declare(ws, name="delay", spec=EndpointSpec(model="delay", **said))


def asked(ws, **options):
    given = {"release": "delay@1", "gate": "size", "reason": WHY, "until": MONTH} | options
    return request(as_(ws, "bo"), **given)


def granted(ws, **options):
    return grant(as_(ws, "cy", "owner"), waiver=asked(ws, **options).id, note="for a month")


def live_by_waiver(ws, **options):
    found = granted(ws, **options)
    releases.check(ws, release="delay@1")
    return found, releases.promote(ws, release="delay@1")


def types_of(ws):
    with ws.read() as tx:
        return [each.type for each in events.read(tx, limit=1000)]


def test_what_a_gate_refused_goes_live_by_a_waiver_and_is_never_called_passed(workspace):
    assert releases.show(workspace, ref="delay@1").state is ReleaseState.REFUSED
    found = granted(workspace)
    done = releases.check(workspace, release="delay@1")
    (loads, size) = done.results
    assert (done.state, done.standing) == (ReleaseState.PASSED, "waived")
    assert (loads.verdict, size.verdict, size.passed) == (GateVerdict.PASSED, GateVerdict.WAIVED, False)
    assert size.waiver == found.ref
    assert size.reason == f"waived by cy until 2026-03-31 12:00 UTC ({WHY}): {size.refusal}"
    assert "but 1e-06 MB are allowed" in size.refusal
    assert done.reasons == [size.reason]
    assert [part.ref for part in done.content.documents] == [found.ref]
    live = releases.promote(workspace, release="delay@1")
    assert live.waivers[0].used_by == "release/delay@1"
    told = types_of(workspace)
    assert "release.gates_waived" in told
    assert "release.gates_passed" not in told


def test_nobody_waives_what_they_asked_for_or_made(workspace):
    found = asked(workspace)
    assert found.authors == ["ada", "eva"]
    for name in ("bo", "ada", "eva"):
        with pytest.raises(Forbidden, match=f"{name} may not grant"):
            grant(as_(workspace, name, "owner"), waiver=found.id)
    create_principal(workspace, name="ada", role="engineer", person="ada@example.com")
    create_principal(workspace, name="root", role="owner", person="Ada@example.com")
    with pytest.raises(Forbidden, match="root may not grant") as twice:
        grant(as_(workspace, "root", "owner"), waiver=found.id)
    assert "ada, an account of the same person as root" in twice.value.why
    with pytest.raises(Forbidden, match="only a person"):
        grant(as_(workspace, "ci", "owner", kind="service"), waiver=found.id)
    with pytest.raises(Forbidden, match=r"waiver\.grant"):
        grant(as_(workspace, "di", "engineer"), waiver=found.id)
    assert show_waiver(workspace, waiver=found.id).state == "requested"


def test_nobody_waives_by_a_token_that_another_made_or_by_no_name(workspace):
    for name, kind in (("ada", "user"), ("robot", "service"), ("cy", "user")):
        create_principal(workspace, name=name, role="owner", kind=kind)
    found = asked(workspace)
    for maker in ("ada", "robot"):
        minted = create_token(as_(workspace, maker, "owner"), principal="cy").secret
        with pytest.raises(Forbidden, match="this token of cy decides nothing here"):
            grant(workspace.with_(principal=authenticate(workspace, minted)), waiver=found.id)
    with pytest.raises(Forbidden, match="local may not grant") as local:
        grant(workspace, waiver=found.id)
    assert "may be anybody" in local.value.why
    own = create_token(workspace, principal="cy").secret
    assert grant(workspace.with_(principal=authenticate(workspace, own)), waiver=found.id).decided_by == "cy"


def test_a_question_is_about_a_refusal_has_a_reason_and_an_end(workspace):
    with pytest.raises(InvalidInput, match="at most 90 days") as refused:
        asked(workspace, until=START + timedelta(days=91))
    assert refused.value.hint == "--until 2026-05-30"
    for wrong in ({"reason": " "}, {"until": START}, {"reason": "x" * 5000}):
        with pytest.raises(InvalidInput):
            asked(workspace, **wrong)
    with pytest.raises(InvalidInput, match="can't be waived"):
        asked(workspace, gate="loads")
    with pytest.raises(NotFound, match="no gate 'sise'"):
        asked(workspace, gate="sise")
    first = asked(workspace)
    with pytest.raises(Conflict, match="is requested already"):
        asked(workspace)
    denied = deny(as_(workspace, "cy", "owner"), waiver=first.id, note="make it smaller")
    assert denied.state == "denied"
    with pytest.raises(Conflict, match="is denied already"):
        grant(as_(workspace, "cy", "owner"), waiver=first.id)
    with pytest.raises(Conflict, match="refused") as still:
        releases.check(workspace, release="delay@1")
    assert "meguru waiver request release/delay@1 --gate size" in still.value.hint


def test_a_gate_can_be_declared_so_that_nobody_waives_it(workspace):
    for wrong in ("no", 0):
        with pytest.raises(InvalidInput, match="waivable is true or false"):
            declare(workspace, gates=[SMALL | {"waivable": wrong}])
    declare(workspace, gates=[SMALL | {"waivable": False}])
    made = releases.create(workspace, endpoint="delay", model="delay@1")
    releases.check(workspace, release=made.ref)
    with pytest.raises(InvalidInput, match="size can't be waived"):
        asked(workspace, release=made.ref)


def test_a_waiver_is_of_the_gate_as_it_was_declared(workspace):
    granted(workspace)
    declare(workspace, gates=[SMALL | {"at_most_mb": 0.000002}])
    made = releases.create(workspace, endpoint="delay", model="delay@1")
    assert releases.check(workspace, release=made.ref).state is ReleaseState.REFUSED


def test_a_waiver_of_a_comparison_is_against_the_model_that_was_live(team):
    champion = {"gate": "champion", "margin": 0.5}
    endpoints.specs.declare(team.ws, name="delay", spec=EndpointSpec(model="delay", gates=[champion]))
    create_principal(team.ws, name="cy", role="owner")
    add_model(team.ws, "delay", make_model(seed=7))

    def checked(version, *, waived):
        made = releases.create(team.ws, endpoint="delay", model=f"delay@{version}").ref
        done = releases.check(team.ws, release=made)
        if waived:
            until = team.clock.now() + timedelta(days=30)
            item = request(team.ana, release=made, gate="champion", reason=WHY, until=until)
            grant(as_(team.ws, "cy", "owner"), waiver=item.id)
            done = releases.check(team.ws, release=made)
        return done

    for version in (1, 2, 3):
        releases.promote(team.ws, release=checked(version, waived=version > 1).ref)
    assert checked(2, waived=False).state is ReleaseState.REFUSED


def test_of_two_gates_of_one_name_each_has_its_own(workspace):
    declare(workspace, gates=[SMALL, SMALL | {"at_most_mb": 0.000002}])
    made = releases.create(workspace, endpoint="delay", model="delay@1")
    releases.check(workspace, release=made.ref)
    with pytest.raises(Conflict, match="2 gates"):
        asked(workspace, release=made.ref)
    second = asked(workspace, release=made.ref, gate="size#2")
    assert second.declaration["at_most_mb"] == 0.000002
    grant(as_(workspace, "cy", "owner"), waiver=second.id)
    with pytest.raises(Conflict, match="can't be checked"):
        releases.check(workspace, release=made.ref)
    grant(as_(workspace, "cy", "owner"), waiver=asked(workspace, release=made.ref, gate="size#1").id)
    done = releases.check(workspace, release=made.ref)
    assert [each.verdict for each in done.results] == ["passed", "waived", "waived"]


def test_what_ends_before_the_promotion_lets_nothing_live(workspace, clock):
    found = granted(workspace)
    releases.check(workspace, release="delay@1")
    clock.set(MONTH)  # no server was up to write its end
    with pytest.raises(Conflict, match="the waiver of size holds no more") as late:
        releases.promote(workspace, release="delay@1")
    assert late.value.why == "it ended at 2026-03-31 12:00 UTC"
    assert expire(workspace) == 1
    assert types_of(workspace)[-1] == "waiver.lapsed"
    with pytest.raises(Conflict, match="holds no more"):
        releases.promote(workspace, release="delay@1")
    assert show_waiver(workspace, waiver=found.id).state == "expired"
    assert releases.check(workspace, release="delay@1").state is ReleaseState.REFUSED
    with pytest.raises(GateFailed):
        releases.promote(workspace, release="delay@1")


def test_what_is_taken_back_lets_nothing_live(workspace):
    found = granted(workspace)
    releases.check(workspace, release="delay@1")
    revoke(workspace, waiver=found.id, reason="it fails for small airports")
    assert types_of(workspace)[-1] == "waiver.withdrawn"
    with pytest.raises(Conflict) as late:
        releases.promote(workspace, release="delay@1")
    assert late.value.why == "it fails for small airports"


def test_when_it_ends_the_model_stays_live_and_people_are_told(workspace, clock):
    keeper = AlertFollower(workspace)
    found, _ = live_by_waiver(workspace)
    clock.set(MONTH - timedelta(days=8))
    assert expire(workspace) == 0
    clock.set(MONTH - timedelta(days=6))
    assert [expire(workspace), expire(workspace)] == [1, 0]
    keeper.step()
    (due,) = list_alerts(workspace).items
    assert (due.cause, due.about) == ("waiver.due", "endpoint/delay")
    clock.set(MONTH)
    expire(workspace)
    keeper.step()
    (alert,) = list_alerts(workspace).items
    assert (alert.cause, alert.about) == ("waiver.expired", "endpoint/delay")
    live = releases.show(workspace, ref="delay@1")
    assert (live.state, live.standing) == (ReleaseState.LIVE, "waiver_ended")
    assert endpoints.show(workspace, name="delay").endpoint.live.model_ref == "model/delay@1"
    again = releases.create(workspace, endpoint="delay", model="delay@1")
    assert releases.check(workspace, release=again.ref).state is ReleaseState.REFUSED
    with pytest.raises(Conflict, match="is expired"):
        revoke(workspace, waiver=found.id, reason="too late")
    declare(workspace, gates=[])
    better = releases.create(workspace, endpoint="delay", model="delay@1")
    releases.check(workspace, release=better.ref)
    releases.promote(workspace, release=better.ref)
    keeper.step()
    assert list_alerts(workspace).items == []
    releases.rollback(workspace, endpoint="delay", to="delay@1")
    keeper.step()
    assert [each.cause for each in list_alerts(workspace).items] == ["waiver.expired"]


def test_taken_back_after_the_promotion_it_is_told_too(workspace):
    found, _ = live_by_waiver(workspace)
    revoke(workspace, waiver=found.id, reason="it fails for small airports")
    assert releases.show(workspace, ref="delay@1").standing == "waiver_ended"
    assert types_of(workspace)[-1] == "waiver.revoked"


def test_a_clock_that_is_set_back_brings_nothing_back(workspace, clock):
    found = granted(workspace, until=START + timedelta(days=2))
    releases.check(workspace, release="delay@1")
    clock.set(START + timedelta(days=3))
    declare(workspace, description="the log is three days further now")
    clock.set(START + timedelta(days=1))
    with pytest.raises(Conflict, match="holds no more"):
        releases.promote(workspace, release="delay@1")
    assert expire(workspace) == 1
    declare(workspace, description="and written to since")
    assert show_waiver(workspace, waiver=found.id).state == "expired"
    assert releases.check(workspace, release="delay@1").state is ReleaseState.REFUSED


def test_a_clock_that_was_set_forward_ends_it_for_good(workspace, clock):
    found = granted(workspace)
    clock.set(START + timedelta(days=365))
    expire(workspace)
    clock.set(START)
    assert show_waiver(workspace, waiver=found.id).state == "expired"
    with pytest.raises(Conflict, match="can't be checked"):
        releases.check(workspace, release="delay@1")


def test_they_are_listed_by_what_they_are_of(workspace):
    found = granted(workspace)
    for given in ({}, {"endpoint": "delay"}, {"model": "delay@1"}, {"state": "granted"}):
        assert [each.id for each in list_waivers(workspace, **given).items] == [found.id]
    assert list_waivers(workspace, state="denied").items == []
    with pytest.raises(NotFound):
        list_waivers(workspace, state="grantd")


def test_the_evidence_of_what_went_live_by_a_waiver_has_it_and_misses_it_when_it_is_gone(workspace):
    _, made = live_by_waiver(workspace)
    data = export(workspace, release=made.ref).data
    found = verify_pack(data)
    assert found.faults == []
    assert found.statements["waiver"] == 1
    alone = forged(data, lambda parts: restated(parts, "waiver", lambda said: said.update(decided_by="bo")))
    whose, alone_is = (each.what for each in verify_pack(alone).faults)
    assert "whose digest is under that of the release" in whose
    assert "nobody but who asked" in alone_is
    later = {"expires_at": "2036-01-01T00:00:00Z"}
    longer = forged(data, lambda parts: restated(parts, "waiver", lambda said: said.update(later)))
    assert ["whose digest is under" in each.what for each in verify_pack(longer).faults] == [True]


def test_whoever_meets_the_model_in_the_console_sees_the_waiver(workspace, clock):
    found, _ = live_by_waiver(workspace)
    with TestClient(Starlette(routes=routes(lambda _: workspace))) as browser:
        places = ["/ui/endpoints/delay", "/ui/endpoints", "/ui/models/delay/1", f"/ui/waivers/{found.id}"]
        for place in places:
            assert found.id in browser.get(place).text
        clock.set(MONTH)
        expire(workspace)
        assert "refused it, and its waiver has ended" in browser.get("/").text
        for place in places[:3]:
            assert "waiver has ended" in browser.get(place).text
        assert "免除は終了" in browser.get(places[0], headers={"Accept-Language": "ja"}).text
