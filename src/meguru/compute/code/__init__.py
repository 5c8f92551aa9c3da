"""What code a step reaches, read from source: its digest decides whether a kept output still holds.

Loaded when first used: a run that is all cached compares digests, and reads no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meguru.compute.code.environment import environment_of as environment_of
    from meguru.compute.code.project import ProjectSources as ProjectSources
    from meguru.compute.code.reach import code_of as code_of
    from meguru.compute.code.types import Code as Code
    from meguru.compute.code.types import Environment as Environment
    from meguru.compute.code.types import Reached as Reached
    from meguru.compute.code.types import SourceFile as SourceFile

_PLACES = {
    "environment_of": "environment",
    "ProjectSources": "project",
    "code_of": "reach",
    "Code": "types",
    "Environment": "types",
    "Reached": "types",
    "SourceFile": "types",
}
__all__ = ["Code", "Environment", "ProjectSources", "Reached", "SourceFile", "code_of", "environment_of"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _PLACES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
