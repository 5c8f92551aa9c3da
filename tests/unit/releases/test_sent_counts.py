"""Groups that are nowhere in the workspace: counts are sent, signed, and taken for one model and holdout."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from meguru.errors import Conflict, InvalidInput
from meguru.fairness import GroupOptions
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.signing_keys.server import ensure_server_key
from meguru.registry.client import add_model
from meguru.registry.group_tallies import count_groups, tallies_of
from meguru.registry.tally import tally_groups
from meguru.releases.check import check
from meguru.releases.create import create
from meguru.releases.gates.read import gate_of
from meguru.releases.promote import promote
from meguru.serving import operations as endpoints
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import create as endpoint
from meguru.signing import dsse
from meguru.signing.statement import read_statement
from meguru.testing.models import make_flights, make_model

GATE = {"gate": "group_fairness", "groups": "counts", "holders": ["local"], "columns": ["race"], "limit": 0.9}
OPTIONS = GroupOptions(columns=("race",), min_rows=100)


@pytest.fixture
def groups(workspace):
    held = make_flights(900, seed=8).with_row_index("loan")
    add_model(workspace, "delay", make_model(holdout=held))
    endpoint(workspace, name="delay", model="delay", gates=[GATE])
    race = ["a"] * 500 + ["b"] * 395 + ["rare"] * 5
    return pl.DataFrame({"loan": held["loan"], "race": race})


def sent(workspace, groups, **options):
    said = msgspec.structs.replace(OPTIONS, **options)
    tally = tally_groups(workspace, "delay@1", groups, key="loan", options=said, name="groups")
    return count_groups(workspace, ref="delay@1", tally=tally)


def test_a_release_waits_for_counts_and_is_judged_by_them_alone(workspace, groups):
    made = create(workspace, endpoint="delay", model="delay@1").ref
    waits = check(workspace, release=made)
    assert waits.state == "undecided"
    assert waits.reasons == ["no counts of race were sent by local for model/delay@1 and its holdout"]
    record = sent(workspace, groups.filter(pl.col("race") != "rare"))
    assert record.tally.tables[0].groups == ["a", "b"]
    assert sum(record.tally.tables[0].counts["rows"]) == 895
    passed = check(workspace, release=made)
    assert passed.state == "passed", passed.reasons
    result = next(each for each in passed.results if each.gate == "group_fairness")
    assert [each.digest for each in result.inputs] == [record.digest]
    assert result.numbers["coverage"] == 0.99


def test_counts_are_signed_for_one_model_and_one_holdout(workspace, groups):
    record = sent(workspace, groups)
    envelope = dsse.read(record.envelope)
    assert dsse.signers(envelope, [ensure_server_key(workspace).public])
    said = read_statement(envelope)
    assert [each.digest["sha256"] for each in said.subject] == [record.tally.model, record.tally.holdout]
    with workspace.read() as tx:
        assert tallies_of(tx, "delay@1") == [record]
    for field, what in (("model", "another model"), ("holdout", "another holdout")):
        other = msgspec.structs.replace(record.tally, **{field: "0" * 64})
        with pytest.raises(Conflict, match=what):
            count_groups(workspace, ref="delay@1", tally=other)


def test_of_few_nothing_is_sent_and_the_gate_does_not_pass_for_want_of_evidence(workspace, groups):
    record = sent(workspace, groups)
    assert "rare" not in record.envelope
    made = create(workspace, endpoint="delay", model="delay@1").ref
    refused = check(workspace, release=made)
    assert refused.state == "refused"
    assert "not enough evidence of small groups" in refused.reasons[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"min_rows": 5}, "min_rows"),
        ({"found": 901}, "found"),
        ({"found": 100}, "tables[0].groups"),
        ({"tables": []}, "tables"),
    ],
)
def test_what_can_not_be_counts_is_refused(workspace, groups, changes, field):
    tally = tally_groups(workspace, "delay@1", groups, key="loan", options=OPTIONS, name="groups")
    with pytest.raises(InvalidInput) as raised:
        count_groups(workspace, ref="delay@1", tally=msgspec.structs.replace(tally, **changes))
    assert raised.value.field == field


def test_a_key_that_the_holdout_has_not_is_told(workspace, groups):
    other = groups.rename({"loan": "lone"})
    with pytest.raises(InvalidInput, match="have no column 'lone', which is the key of groups"):
        tally_groups(workspace, "delay@1", other, key="lone", options=OPTIONS, name="groups")


def test_counts_need_a_holder_and_are_of_the_whole_holdout():
    for wrong, field in (({"holders": []}, "holders"), ({"where": "a > 1"}, "where"), ({"key": "x"}, "key")):
        with pytest.raises(InvalidInput) as raised:
            gate_of(GATE | wrong)
        assert raised.value.field == f"gates.{field}"


def test_newer_counts_void_what_older_ones_let_through(workspace, groups):
    made = create(workspace, endpoint="delay", model="delay@1").ref
    sent(workspace, groups.filter(pl.col("race") != "rare"))
    assert check(workspace, release=made).state == "passed"
    sent(workspace, groups)
    with pytest.raises(Conflict, match="check again"):
        promote(workspace, release=made)


def test_counts_by_another_rule_or_other_columns_void_nothing(workspace, groups):
    made = create(workspace, endpoint="delay", model="delay@1").ref
    known = groups.filter(pl.col("race") != "rare").with_columns(shop=pl.col("race").replace("a", "c"))
    sent(workspace, known)
    assert check(workspace, release=made).state == "passed"
    sent(workspace, known, threshold=0.7)
    sent(workspace, known, min_rows=300)
    sent(workspace, known, columns=("shop",))
    assert promote(workspace, release=made).state == "live"


def test_what_would_be_refused_is_not_sent(workspace, groups):
    with pytest.raises(InvalidInput, match="fewer than 10 rows are not sent"):
        sent(workspace, groups, min_rows=5)


def test_counts_that_a_gate_of_a_policy_took_are_still_there_when_it_goes_live(workspace, groups):
    endpoints.specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay"))
    policies.declare(workspace, name="fair", spec=ReleasePolicySpec(approvals=0, gates=[GATE]))
    made = create(workspace, endpoint="delay", model="delay@1").ref
    sent(workspace, groups.filter(pl.col("race") != "rare"))
    assert check(workspace, release=made).state == "passed"
    assert promote(workspace, release=made).state == "live"
