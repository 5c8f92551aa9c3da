"""Roles, each a set of permissions: those that are built in, and those that people declare."""

from meguru.governance.roles.builtin import ROLES, permissions_of

__all__ = ["ROLES", "permissions_of"]
