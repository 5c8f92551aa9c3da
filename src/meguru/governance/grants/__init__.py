"""Grants: a role for a person, a group or a service, in some projects or in all."""
