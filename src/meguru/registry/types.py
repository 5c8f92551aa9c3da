"""What a registered model is: versions that never change, and aliases that move, with a history."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.flavors import Signature
from meguru.registry.kind import StageRule
from meguru.tasks import Task, task_of


class VersionState(StrEnum):
    """Whether Meguru vouches for a version."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a model.

    `tree_digest` names the whole folder with its evidence, `digest` only what predicts: two versions with the
    same digest answer alike. `baseline_digest` and `holdout_digest` name blobs, and are empty when the model
    came without them. `run_ref` is the run that made it, `used` what else it was made from, `event` the id of
    the event that registered it.

    `task` is the key of what it does, such as ``binary``, `task_options` what belongs to that, such as the
    classes; the outputs that it gives are in its signature.

    `claimed` has those of `run_ref` and `used` that only a client said (where versions are
    shown; it is empty elsewhere).

    An `unverified` version was registered by another client, and is not loaded here for the `reason` it
    has: its digests and flavor are empty, and its task is None.
    """

    ref: str
    name: str
    version: int
    tree_digest: str
    digest: str
    flavor: str
    task: str | None
    signature: Signature
    label: str
    metrics: dict[str, float]
    params: dict[str, Any]
    baseline_digest: str
    holdout_digest: str
    run_ref: str
    used: list[str]
    note: str
    size: int
    created_at: datetime
    created_by: str
    event: str
    task_options: dict[str, Any] = {}
    aliases: list[str] = []
    claimed: list[str] = []
    state: VersionState = VersionState.VERIFIED
    reason: str = ""
    stage: str = ""
    """Of the stages that were declared for its model; those of MLflow's clients are theirs."""

    @property
    def whole_task(self) -> Task | None:
        """What it does, with its options, such as its classes; None when nothing is known of it."""
        return None if self.task is None else task_of({"task": self.task} | self.task_options)

    @property
    def is_verified(self) -> bool:
        """Whether it was loaded, answered its example, and may be served."""
        return self.state is VersionState.VERIFIED


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """Where an alias pointed from `since` to `until` (None: it still does); `event` moved it there."""

    name: str
    alias: str
    model: str
    since: datetime
    until: datetime | None
    moved_by: str
    event: str


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model: its name, what people say of it, its newest version (None when it has none), and its aliases.

    `group` is the use case that it is a candidate for, with its project; `baselines` are values that its
    versions are measured against.
    """

    name: str
    created_at: datetime
    latest: ModelVersion | None
    aliases: list[Alias] = []
    description: str = ""
    owner: str = ""
    group: str = ""
    tags: dict[str, str] = {}
    baselines: dict[str, float] = {}
    stages: list[StageRule] = []


class ModelUse(msgspec.Struct, frozen=True, kw_only=True):
    """Who uses a model.

    `ref` is what uses it and `how`, in a word (``live``, ``serves``, ``release``, ``watches``, ``produces``);
    `version` the version that it uses, empty for whichever there is.
    """

    ref: str
    how: str
    version: str = ""


class RankedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version among those of a group, by one metric; `baseline` is the value it is measured against."""

    version: ModelVersion
    value: float
    baseline: float | None = None
