"""An alias that follows releases is moved by releases, or by who may promote; the same at every door."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from meguru.errors import Forbidden
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.roles import permissions_of
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.mlflow.exchange import import_registry as operations
from meguru.registry.operations import aliases
from meguru.serving import operations as endpoints
from meguru.serving.schema import endpoint

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DENIED = (403, "PERMISSION_DENIED")


@contextmanager
def calling_as(ws, caller_of, role):
    create_principal(ws, name=role, role=role)
    with caller_of(ws, auth=True) as caller:
        caller.http.headers["Authorization"] = f"Bearer {create_token(ws, principal=role).secret}"
        yield caller


@pytest.fixture
def scientist(workspace, mlflow, caller_of):
    """Call the protocol as a data scientist; there is a model with two versions, the first one champion."""
    mlflow.post("registered-models/create", name="m")
    for _ in range(2):
        mlflow.post("model-versions/create", name="m", source="s3://elsewhere/m")
    mlflow.post("registered-models/alias", name="m", alias="champion", version="1")
    mlflow.post("model-versions/transition-stage", name="m", version="1", stage="Production")
    with calling_as(workspace, caller_of, "data-scientist") as caller:
        yield caller


def pointing(ws):
    return {each.alias: each.model for each in aliases(ws, name="m")}


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("registered-models/alias", {"alias": "champion", "version": "2"}),
        ("registered-models/alias", {"alias": "Champion", "version": "2"}),
        ("model-versions/transition-stage", {"version": "2", "stage": "Production"}),
        (
            "model-versions/transition-stage",
            {"version": "2", "stage": "production", "archive_existing_versions": True},
        ),
        ("model-versions/transition-stage", {"version": "1", "stage": "Archived"}),
        ("registered-models/rename", {"new_name": "n"}),
    ],
)
def test_a_data_scientist_does_not_move_what_follows_releases(workspace, scientist, path, given):
    before = pointing(workspace)
    assert scientist.post(path, name="m", **given)[:2] == DENIED
    assert pointing(workspace) == before
    with workspace.read() as tx:
        told = events.latest(tx)
    assert (told.type, told.actor, told.data) == (
        "access.denied",
        "data-scientist",
        {"permission": "release:promote"},
    )


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("registered-models/alias", {"alias": "champion"}),
        ("model-versions/delete", {"version": "1"}),
        ("registered-models/delete", {}),
    ],
)
def test_nor_removes_it(workspace, scientist, path, given):
    answer = scientist.http.request("DELETE", f"/api/2.0/mlflow/{path}", json={"name": "m", **given})
    assert (answer.status_code, answer.json()["error_code"]) == DENIED
    assert pointing(workspace)["champion"] == "model/m@1"


def test_other_aliases_stages_and_versions_are_theirs(workspace, scientist):
    assert scientist.post("registered-models/alias", name="m", alias="challenger", version="2") == {}
    staged = scientist.post("model-versions/transition-stage", name="m", version="2", stage="Staging")
    assert staged["model_version"]["current_stage"] == "Staging"
    assert (
        scientist.post("registered-models/alias", name="m", alias="champion", version="1") == {}
    )  # as it is
    gone = scientist.http.request(
        "DELETE", "/api/2.0/mlflow/model-versions/delete", json={"name": "m", "version": "2"}
    )
    assert gone.status_code == 200
    assert pointing(workspace)["champion"] == "model/m@1"


def test_an_engineer_may_by_hand(workspace, scientist, caller_of):
    with calling_as(workspace, caller_of, "engineer") as engineer:
        assert engineer.post("registered-models/alias", name="m", alias="champion", version="2") == {}
        staged = engineer.post("model-versions/transition-stage", name="m", version="2", stage="Production")
    assert staged["model_version"]["current_stage"] == "Production"
    assert pointing(workspace) == {"champion": "model/m@2", "mlflow.production": "model/m@2"}


@pytest.mark.parametrize("owned", ["champion", "mlflow.production"])
def test_an_import_does_not_bring_them_past_a_release(workspace, owned):
    scientist = Principal(name="ada", permissions=permissions_of("data-scientist"))
    given = {"name": "new", "created": NOW, "updated": NOW}
    version = operations.ImportedVersion(
        version=1, source="s3://elsewhere/m", storage="s3://elsewhere/m", created=NOW, updated=NOW
    )
    importing = operations.import_registered_model
    with pytest.raises(Forbidden, match="may not do mlflow"):
        importing(workspace.with_(principal=scientist), versions=[version], aliases={owned: 1}, **given)
    assert importing(workspace, versions=[version], aliases={owned: 1}, **given) == 1


def people_are_asked(workspace):
    endpoints.create(workspace, name="e", model="other")
    with workspace.db.write() as tx:  # an endpoint keeps to models that it can serve; these are only names
        tx.execute(update(endpoint).values(model="m"))
    policies.declare(workspace, name="production", spec=ReleasePolicySpec())


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("registered-models/alias", {"alias": "champion", "version": "2"}),
        ("model-versions/transition-stage", {"version": "2", "stage": "Production"}),
    ],
)
def test_what_people_did_not_agree_to_is_called_so_by_no_client(workspace, scientist, mlflow, path, given):
    people_are_asked(workspace)
    before = pointing(workspace)
    status, code, said = mlflow.post(path, name="m", **given)
    assert (status, code) == (400, "BAD_REQUEST")
    assert "can't point at model/m@2 yet" in said
    assert pointing(workspace) == before


def test_no_older_version_waits_in_production_below_one_that_was_agreed_to(workspace, scientist, mlflow):
    move = "model-versions/transition-stage"
    for version, stage in (("2", "Production"), ("1", "Archived")):
        mlflow.post(move, name="m", version=version, stage=stage)
    assert pointing(workspace)["mlflow.production"] == "model/m@2"
    people_are_asked(workspace)
    status, _, said = mlflow.post(move, name="m", version="1", stage="Production")
    assert (status, "can't point at model/m@1 yet" in said) == (400, True)
