"""Whoever acts in somebody's name has the rights that they have now."""

from __future__ import annotations

from meguru.governance import store
from meguru.governance.principals import create_principal
from meguru.governance.standing import standing

pytest_plugins = ["meguru.testing.fixtures"]


def test_rights_are_those_of_now_and_end_with_their_owner(workspace):
    create_principal(workspace, name="anna", role="engineer")
    with workspace.read() as tx:
        anna = standing(tx, "anna")
        assert anna is not None
        assert anna.allows("pipeline:write")
        assert not anna.allows("token:write")
        assert standing(tx, "nobody") is None
        assert standing(tx, "local").allows("token:write")


def test_somebody_who_is_called_like_the_owner_has_only_their_own_rights(workspace):
    create_principal(workspace, name="local", role="viewer")
    with workspace.read() as tx:
        assert store.find_principal(tx, "local") is not None
        assert not standing(tx, "local").allows("trigger:write")
