"""The rule that only a verified version is loaded, served and released."""

from __future__ import annotations

from meguru.errors import UnsafeModel
from meguru.registry.types import ModelVersion


def check_verified(version: ModelVersion, *, newest: str = "") -> ModelVersion:
    """Return a version that Meguru vouches for; the refusal names the `newest` one that it does.

    Raises
    ------
    UnsafeModel
        If the version is unverified; why, is what it says.
    """
    if version.is_verified:
        return version
    again = "register it again from a folder that can be verified (skops, with a signature)"
    raise UnsafeModel(
        f"version {version.version} of {version.name} is not verified: it is kept for the clients that "
        "registered it, and neither loaded nor served here",
        where=version.ref,
        why=version.reason,
        hint=f"use {newest}, or {again}" if newest else again,
    )
