"""Which accounts are one person's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meguru.errors import InvalidInput
from meguru.governance.kind import PrincipalSpec
from meguru.governance.operations import specs as principals
from meguru.governance.persons import Persons
from meguru.governance.types import PrincipalRecord

pytest_plugins = ["meguru.testing.fixtures"]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def account(name, **more):
    return PrincipalRecord(name=name, kind=more.pop("kind", "user"), role="viewer", created_at=AT, **more)


def test_declared_signed_in_or_by_a_third_they_are_one():
    who = Persons(
        [
            account("ana"),
            account("ana-admin", person="ana"),
            account("a2"),
            account("a3", disabled=True),
            account("ben"),
        ],
        [("ana", ["sub:1", "Ana@example.com"]), ("a2", ["sub:2", "ana@EXAMPLE.com"]), ("a3", ["sub:2"])],
    )
    assert {who.of(name) for name in ("ana", "ana-admin", "a2", "a3", "ana@example.com")} == {"a2"}
    assert who.of("ben") == "ben"
    assert who.accounts_of("a2") == ["a2", "a3", "ana", "ana-admin"]
    assert [each.name for each in who.accounts_at("ana@example.com")] == ["a2", "ana"]


def test_two_that_are_declared_with_one_address_are_one_and_a_service_is_nobody():
    who = Persons([account("x", person="p@example.com"), account("y", person="p@example.com"),
                   account("robot", kind="service", person="x")], [])  # fmt: skip
    assert who.of("x") == who.of("y")
    assert who.of("robot") == "robot"


def test_a_service_is_declared_as_nobodys_account(workspace):
    with pytest.raises(InvalidInput, match="nobody's account"):
        principals.declare(workspace, name="robot", spec=PrincipalSpec(kind="service", person="ana"))
    with pytest.raises(InvalidInput, match="names no person"):
        principals.declare(workspace, name="ana", spec=PrincipalSpec(person="Ana Sato"))
