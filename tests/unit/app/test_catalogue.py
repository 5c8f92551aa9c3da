"""The catalogue finds what has all words of a text, best first, and only what its reader may see."""

from __future__ import annotations

import pytest

from meguru.app import calls
from meguru.app.kinds import all_kinds
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.errors import InvalidInput, NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.kernel.principals import Principal

pytest_plugins = ["meguru.testing.fixtures"]


@pytest.fixture
def filled(workspace, tmp_path):
    all_kinds()
    calls.project_declare(workspace, name="team", spec=ProjectSpec())
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    add_files(workspace, "sales", [tmp_path / "a.csv"])
    calls.dataset_declare(
        workspace, name="sales", spec=DatasetSpec(description="需要の履歴 of ＴＯＫＹＯ", owner="growth")
    )
    calls.endpoint_create(workspace, name="sales-forecast", model="sales")
    calls.endpoint_create(workspace, name="team/secret", model="team/sales")
    return workspace


def found(ws, text="", **more):
    return [each.ref for each in calls.catalogue_find(ws, text=text, **more).items]


def test_all_words_are_looked_for_in_name_description_and_owner(filled):
    assert found(filled, "sales") == ["dataset/sales", "endpoint/sales-forecast"]
    assert found(filled, "Tokyo 需要") == found(filled, "growth") == ["dataset/sales"]
    assert (
        found(filled, "endpoint sales")
        == found(filled, "sales", kind="endpoint")
        == ["endpoint/sales-forecast"]
    )
    (first,) = calls.catalogue_find(filled, text="growth").items
    assert (first.health, first.owner) == ("@1, 2 rows", "growth")
    answer = calls.catalogue_find(filled, text="", limit=1)
    assert (len(answer.items), answer.total) == (1, 3)


def test_what_is_not_found_has_names_that_look_like_it(filled):
    answer = calls.catalogue_find(filled, text="sale-forecast")
    assert (answer.items, answer.similar) == ([], ["sales-forecast"])
    with pytest.raises(NotFound, match="'datset'"):
        found(filled, kind="datset")
    with pytest.raises(InvalidInput, match="too long"):
        found(filled, "x " * 11)


def test_only_what_one_may_see_is_found(filled):
    assert "endpoint/team/secret" in found(filled)
    reader = filled.with_(principal=Principal(name="anna", grants={"": frozenset({"*:read"})}))
    assert found(reader, "secret") == []
    assert calls.catalogue_find(reader).total == 2
    guest = filled.with_(principal=Principal(name="guest", grants={"team": frozenset({"*:read"})}))
    assert found(guest) == ["endpoint/team/secret"]
    only = filled.with_(
        principal=Principal(name="ada", permissions=frozenset({"status:read", "dataset:read"}))
    )
    assert found(only) == ["dataset/sales"]
