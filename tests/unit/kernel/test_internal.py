"""What only the system does is declared by its kind, and behind no door."""

import re
from pathlib import Path

import pytest

import meguru
from meguru.app.kinds import all_kinds
from meguru.app.nouns import load_operations
from meguru.errors import Forbidden, InternalError
from meguru.governance.roles import permissions_of
from meguru.kernel.operations import InternalOperation, registered
from meguru.kernel.principals import Principal
from meguru.pipelines.kind import PIPELINE_RUN

INTERNAL = [(kind, verb) for kind in all_kinds() for verb in kind.internal]


def test_a_verb_that_no_kind_declares_is_refused():
    with pytest.raises(InternalError, match="improvise"):
        InternalOperation(PIPELINE_RUN, "improvise")


def test_no_operation_is_made_by_hand_where_a_kind_could_declare_it():
    source = Path(meguru.__file__).parent
    made = [
        str(file.relative_to(source))
        for file in source.rglob("*.py")
        if re.search(r"(?<![A-Za-z])Operation\(", file.read_text("utf-8"))
    ]
    assert {name for name in made if not name.startswith(("kernel/operations/", "testing/"))} == set()


def test_no_door_leads_to_what_only_the_system_does():
    load_operations()
    names = {f"{kind.name}.{verb}" for kind, verb in INTERNAL}
    assert {"pipeline_run.advance", "sweep.abandon", "backfill.advance"} <= names
    assert not names & registered().keys()


def test_a_commit_is_one_transaction_and_needs_the_right(workspace):
    advance = InternalOperation(PIPELINE_RUN, "advance")
    with pytest.raises(InternalError):
        advance(workspace)
    assert advance.commit(workspace, lambda ctx: ctx.operation.name) == "pipeline_run.advance"
    viewer = workspace.with_(principal=Principal(name="v", permissions=permissions_of("viewer")))
    with pytest.raises(Forbidden):
        advance.commit(viewer, lambda ctx: None)
