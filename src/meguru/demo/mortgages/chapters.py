"""The chapters, each in what its people do; whatever is said of it is what the system answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meguru.alerts.show import list_alerts
from meguru.datasets.client import add_files
from meguru.datasets.personal.erase import erase
from meguru.datasets.types import ColumnSpec
from meguru.demo.mortgages import data
from meguru.demo.mortgages.people import ADA, GRACE, IVO, hire
from meguru.demo.mortgages.stage import DemoStage
from meguru.demo.mortgages.train import trained
from meguru.evidence.export import export
from meguru.evidence.verify import verify_pack
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.operations import answer
from meguru.governance.checklists.operations import specs as checklists
from meguru.governance.checklists.types import ChecklistItem, ItemAnswer, ItemScope
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.waivers.expire import expire
from meguru.governance.waivers.operations import grant, list_waivers, request
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import Release
from meguru.serving import operations as endpoints
from meguru.serving.kind import EndpointSpec

ENDPOINT = MODEL = "loans"
LIMIT, MONTH = 0.08, timedelta(days=30)
GATES: list[dict[str, Any]] = [
    {"gate": "metric", "metric": "auc", "value": 0.7, "bound": "low", "waivable": False},
    {
        "gate": "group_fairness",
        "groups": "dataset/protected@1",
        "key": data.KEY,
        "columns": [data.GROUP],
        "criterion": "equal_opportunity",
        "limit": LIMIT,
    },
    {"gate": "checklist", "checklist": "lending"},
]
ITEMS = [
    ChecklistItem(id="purpose", text="Is it written down what the model may decide?", per=ItemScope.MODEL),
    ChecklistItem(id="oversight", text="Can a person decide otherwise?", source="EU AI Act, article 14"),
    ChecklistItem(
        id="bias", text="Was bias looked for?", source="EU AI Act, article 10", evidence=["fairness_gate"]
    ),
]
PERSON = "A000042"


def begin(stage: DemoStage) -> None:
    """Data, people, and what a loan model needs before it may answer."""
    ws = stage.ws
    with stage.chapter("data", "The data, and the rules before there is a model"):
        hire(ws)
        rows = data.table()
        for name, columns in (
            ("loans", [data.KEY, *data.FEATURES, data.LABEL]),
            ("protected", [data.KEY, data.GROUP]),
        ):
            file = stage.folder / f"{name}.parquet"
            rows.select(columns).write_parquet(file)
            added = add_files(ws, name, [file], columns={data.KEY: ColumnSpec(tags=["pii"])})
            file.unlink()
            stage.say("local", f"adds {added.ref}", f"{added.rows:,} rows of {', '.join(columns)}")
        stage.facts["rows"] = rows.height
        checklists.declare(ws, name="lending", spec=ChecklistSpec(models=[MODEL], owner=ADA, items=ITEMS))
        endpoints.specs.declare(ws, name=ENDPOINT, spec=EndpointSpec(model=MODEL, gates=GATES))
        policies.declare(ws, name="production", spec=ReleasePolicySpec(endpoints=[ENDPOINT], approvals=1))
        stage.say(
            "local",
            "declares endpoint/loans, checklist/lending and release_policy/production",
            f"true positive rates of the groups of {data.GROUP!r} may differ by {LIMIT} at most, even at "
            "the far end of the interval; the group is in a dataset of its own, in no model and no holdout",
        )


def refusal(stage: DemoStage) -> None:
    """A model that knows where people were born is refused."""
    with stage.chapter("refusal", "A model that is good, and treats people unlike"):
        learnt, held = data.split(data.table())
        version = add_model(
            stage.as_(ADA), MODEL, trained(learnt, held, data.FEATURES), used=["dataset/loans@1"]
        )
        stage.say(
            ADA,
            f"trains {version.ref} on {learnt.height:,} applicants",
            f"it uses {', '.join(data.FEATURES)}",
        )
        for item in ("purpose", "oversight"):
            answer(stage.as_(ADA), checklist="lending", model=version.ref, item=item, answer=ItemAnswer.YES)
        release = _checked(stage, version.ref)
        _tell_gates(stage, ADA, "asks for a release", release, f"meguru release request loans {MODEL}@1")


def waiver(stage: DemoStage) -> None:
    """The refusal is let pass for a month, by two people."""
    with stage.chapter("waiver", "For a month it may answer all the same, because two people say so"):
        until = stage.clock.now() + MONTH
        asked = request(
            stage.as_(ADA),
            release=f"{ENDPOINT}@1",
            gate="group_fairness",
            reason="the model without birthplace is being validated",
            until=until,
        )
        stage.say(
            ADA,
            f"asks for a waiver of {asked.gate} until {until:%Y-%m-%d}",
            asked.reason,
            "meguru waiver request loans@1 --gate group_fairness --for 30d --reason …",
        )
        no = stage.refused(lambda: grant(stage.ws.with_(principal=stage.as_(ADA).principal), waiver=asked.id))
        stage.say(ADA, "tries to grant it", no, f"meguru waiver grant {asked.id}")
        done = grant(stage.as_(GRACE), waiver=asked.id, note="no longer than the validation takes")
        stage.say(GRACE, "grants it", f"{done.ref} is {done.state}", f"meguru waiver grant {asked.id}")
        release = releases.check(stage.as_(ADA), release=f"{ENDPOINT}@1")
        _tell_gates(stage, ADA, "has it checked again", release, "meguru release check loans@1")


def approval(stage: DemoStage) -> None:
    """A second person approves; then it is live."""
    with stage.chapter("approval", "A second person approves what exactly is to go live"):
        standing = releases.request(stage.as_(ADA), release=f"{ENDPOINT}@1", note="first loan model")
        stage.say(ADA, "asks for a review", "; ".join(standing.lacks), "meguru release request loans@1")
        no = stage.refused(lambda: releases.approve(stage.as_(ADA), release=f"{ENDPOINT}@1"))
        stage.say(ADA, "tries to approve it", no, "meguru release approve loans@1")
        decision = releases.approve(stage.as_(IVO), release=f"{ENDPOINT}@1", note="looked at both groups")
        stage.say(
            IVO,
            "approves it",
            f"signed over digest {decision.digest[:12]}…",
            "meguru release approve loans@1",
        )
        live = releases.promote(stage.as_(ADA), release=f"{ENDPOINT}@1", reason="first loan model")
        stage.say(
            ADA,
            "promotes it",
            f"{live.model} is live by {live.waivers[0].ref}",
            "meguru release promote loans@1",
        )


def expiry(stage: DemoStage) -> None:
    """The month is over: the model stays, people are told, and nothing can lean on the waiver again."""
    with stage.chapter("expiry", "The month is over (the clock is moved)"):
        (granted,) = list_waivers(stage.ws, state="granted").items
        for when in (granted.expires_at - timedelta(days=6), granted.expires_at):
            stage.clock.set(when)
            expire(stage.ws)
            stage.look()
            (alert,) = list_alerts(stage.ws).items
            stage.say("meguru", f"on {when:%Y-%m-%d} opens an alert", f"{alert.cause} about {alert.about}")
        live = releases.show(stage.as_(GRACE), ref=f"{ENDPOINT}@1")
        stage.facts["standing"] = live.standing
        stage.say(
            GRACE, "looks at the release", f"it is {live.state} and its standing is {live.standing}",
            "meguru release show loans@1",
        )  # fmt: skip
        again = _checked(stage, f"model/{MODEL}@1")
        stage.say(ADA, "tries a release by the same waiver", f"{again.ref} is {again.state}")


def fair(stage: DemoStage) -> None:
    """The model without birthplace passes, is approved, and takes over."""
    with stage.chapter("fair", "The model that was promised passes by itself"):
        learnt, held = data.split(data.table())
        features = [each for each in data.FEATURES if each != data.PLACE]
        version = add_model(stage.as_(ADA), MODEL, trained(learnt, held, features), used=["dataset/loans@1"])
        stage.say(ADA, f"trains {version.ref}", f"it uses {', '.join(features)}")
        answer(stage.as_(ADA), checklist="lending", model=version.ref, item="oversight")
        release = _checked(stage, version.ref)
        _tell_gates(stage, ADA, "has it checked", release, f"meguru release request loans {MODEL}@2")
        releases.request(stage.as_(ADA), release=release.ref)
        releases.approve(stage.as_(IVO), release=release.ref, note="the gap is gone")
        live = releases.promote(stage.as_(ADA), release=release.ref, reason="the model without birthplace")
        stage.look()
        left = list_alerts(stage.ws).items
        stage.facts |= {"live": live.model, "alerts": len(left)}
        stage.say(
            IVO, "approves it, and it is promoted", f"{live.model} is live; {len(left)} alerts are open"
        )


def erasure(stage: DemoStage) -> None:
    """An applicant wants to be forgotten."""
    with stage.chapter("erasure", "A person is erased"):
        stage.clock.move(timedelta(minutes=1))
        report = erase(stage.ws, who={data.KEY: [PERSON]}, reason="asked for it")
        for thing in report.found:
            stage.say("local", f"erases {PERSON}", f"{thing.rows} of {thing.ref} ({thing.what})")
        stage.say("local", "reads what it was used for", f"trained on it: {', '.join(report.models)}")
        again = erase(stage.ws, who={data.KEY: [PERSON]}, dry_run=True)
        stage.facts |= {"erased": report.rows, "left": again.rows}
        stage.say(
            "local", "searches again", f"{again.rows} rows are left", f"meguru erase {data.KEY}={PERSON}"
        )


def evidence(stage: DemoStage) -> None:
    """All that is known of the live release, in a file that anybody can check."""
    with stage.chapter("evidence", "The evidence, for whoever was not there"):
        newest = releases.list_releases(stage.ws, endpoint=ENDPOINT, limit=1).items[0]
        pack = export(stage.ws, release=newest.ref)
        file = stage.folder / pack.name
        file.write_bytes(pack.data)
        verdict = verify_pack(pack.data, file=str(file))
        said = f"{file.name}: {len(pack.data):,} bytes, {sum(verdict.statements.values())} statements"
        stage.say("local", f"exports {newest.ref}", said, f"meguru evidence export {newest.ref}")
        stage.say(
            "anybody",
            "verifies it without the workspace",
            f"whole: {verdict.whole}",
            f"meguru evidence verify {file}",
        )
        forged = bytearray(pack.data)
        forged[len(forged) // 2] ^= 1
        broken = verify_pack(bytes(forged), file=file.name)
        stage.facts |= {"whole": verdict.whole, "forged_is_whole": broken.whole, "evidence": str(file)}
        stage.say("somebody", "changes one bit of it", f"{broken.faults[0].place}: {broken.faults[0].what}")


def _checked(stage: DemoStage, model: str) -> Release:
    release = releases.create(stage.as_(ADA), endpoint=ENDPOINT, model=model)
    return releases.check(stage.as_(ADA), release=release.ref)


def _tell_gates(stage: DemoStage, who: str, did: str, found: Release, command: str) -> None:
    stage.say(who, did, f"{found.ref} is {found.standing}", command)
    for result in found.results:
        stage.say("meguru", f"gate {result.gate}: {result.verdict}", result.reason)


CHAPTERS = {
    "data": begin,
    "refusal": refusal,
    "waiver": waiver,
    "approval": approval,
    "expiry": expiry,
    "fair": fair,
    "erasure": erasure,
    "evidence": evidence,
}
"""In their order."""
