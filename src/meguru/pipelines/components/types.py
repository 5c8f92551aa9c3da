"""What is known of a component."""

from __future__ import annotations

import msgspec


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a pipeline's newest version, and the component's version that it was registered with."""

    pipeline: str
    step: str
    version: str


class ComponentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A component that is installed, or that pipelines use though it is not (then `place` is empty).

    `place` is ``module:name``; `inputs` and `output` are types as they are written; `error` says why it can't
    be loaded.
    """

    name: str
    distribution: str
    version: str = ""
    place: str = ""
    summary: str = ""
    doc: str = ""
    inputs: dict[str, str] = {}
    output: str = ""
    error: str = ""
    used_by: list[Use] = []


class AffectedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that runs again, and why."""

    step: str
    why: str


class AffectedPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline that another version of a component changes.

    `steps` run again; `following` run again if those return something else; `models` are what a run then
    makes new versions of.
    """

    pipeline: str
    version: int
    steps: list[AffectedStep]
    following: list[str] = []
    models: list[str] = []


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What another version of a component affects, among the newest versions of all pipelines."""

    name: str
    distribution: str
    version: str
    pipelines: list[AffectedPipeline] = []
