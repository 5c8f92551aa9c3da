"""Registered models, as a kind: its versions never change, its aliases move."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type, spec_events

StageNeed = Literal["verified", "holdout", "baselines", "live"]


class StageRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A life-cycle stage that versions of a model can be put into, and what that takes.

    A version must have all that `needs` says: be *verified*, be measured on a *holdout*, be better than the
    model's *baselines*, be *live* at an endpoint; and come from one of the stages in `after`. Who puts it
    there needs the permission `by` beside the right to write models, such as ``release:promote``.
    """

    name: str
    needs: list[StageNeed] = []
    after: list[str] = []
    by: str = ""


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people say of a model.

    `description` and `tags` are those that MLflow's clients see. `group` is the use case that several models
    are candidates for, in the model's project; `baselines` are values of metrics that a version must be
    measured against, such as those of a rule that it is to replace. `stages` is the policy of its life cycle.
    """

    description: str = ""
    owner: str = ""
    group: str = ""
    tags: dict[str, str] = {}
    baselines: dict[str, float] = {}
    stages: list[StageRule] = []


@event_type(
    "model_version.registered",
    label="model version registered",
    sentence="{subject} was registered",
    explains=True,
)
class ModelVersionRegistered(Payload, frozen=True):
    """The next version of a model: its folder was read, and (unless a pipeline made it) it was loaded."""

    model: str
    version: int
    run: str
    tree: str
    digest: str
    flavor: str
    task: str
    metrics: dict[str, float]
    summary: str


class _Unverified(Payload, frozen=True):
    model: str
    version: int
    source: str
    reason: str


@event_type(
    "model_version.unverified",
    label="model version registered, not verified",
    sentence="{subject} was registered, and not verified",
    explains=True,
)
class ModelVersionUnverified(_Unverified, frozen=True):
    """A version that is kept and shown, and never loaded here; the reason says why."""


@event_type(
    "model_version.imported",
    label="model version imported",
    sentence="{subject} was imported, and not verified",
    explains=True,
)
class ModelVersionImported(_Unverified, frozen=True):
    """A version of another registry, with its number there."""


@event_type(
    "model_version.signed", label="model version signed", sentence="the files of {subject} were signed"
)
class ModelVersionSigned(Payload, frozen=True):
    """A signature of its files came: by whose key (empty: nobody's here), of which tree."""

    key: str
    owner: str
    tree: str


class _Described(Payload, frozen=True):
    description: str | None
    tags: dict[str, str]
    dropped: str


@event_type("model_version.changed", label="model version described", sentence="{subject} was described")
class ModelVersionChanged(_Described, frozen=True):
    """What people say of a version changed: its description, tags that were set, a tag that was dropped."""


@event_type(
    "model_version.staged", label="model version put into a stage", sentence="{subject} changed its stage"
)
class ModelVersionStaged(Payload, frozen=True):
    """A version went from one stage to another."""

    stage: str
    before: str
    archived_others: bool
    reason: str = ""


@event_type(
    "model_version.groups_counted",
    label="groups of a holdout counted",
    sentence="{holder} sent counts of groups of {subject}",
)
class ModelVersionGroupsCounted(Payload, frozen=True):
    """Who holds the groups of people sent how many rows of each there are, under the server's signature."""

    holder: str
    columns: list[list[str]]
    tally: dict[str, Any]
    digest: str
    envelope: str


@event_type(
    "model_version.removed", label="model version removed", sentence="{subject} was removed", tone=Tone.ODD
)
class ModelVersionRemoved(Payload, frozen=True):
    """A version was taken away, by whose client."""

    by: str


@event_type(
    "registered_model.created",
    label="model registered",
    sentence="{subject} was registered, without a version",
    explains=True,
    subject="model/NAME",
)
class RegisteredModelCreated(Payload, frozen=True):
    """A name for versions to come."""

    tags: dict[str, str]
    description: str | None


@event_type(
    "registered_model.imported",
    label="model imported",
    sentence="{subject} was imported",
    explains=True,
    subject="model/NAME",
)
class RegisteredModelImported(Payload, frozen=True):
    """A name of another registry, with these tags."""

    tags: list[str]


@event_type(
    "registered_model.changed",
    label="model described",
    sentence="{subject} was described",
    subject="model/NAME",
)
class RegisteredModelChanged(_Described, frozen=True):
    """What people say of a model changed."""


@event_type(
    "registered_model.renamed",
    label="model renamed",
    sentence="{subject} got this name",
    subject="model/NAME",
)
class RegisteredModelRenamed(Payload, frozen=True):
    """A model without verified versions has another name than `before`."""

    before: str


@event_type(
    "registered_model.removed",
    label="model removed",
    sentence="{subject} was removed",
    tone=Tone.ODD,
    subject="model/NAME",
)
class RegisteredModelRemoved(Payload, frozen=True):
    """A model was taken away, by whose client; its verified versions stay."""

    by: str


@event_type("model_alias.moved", label="model alias moved", sentence="an alias came to {subject}")
class ModelAliasMoved(Payload, frozen=True):
    """An alias points at this version from now on; `before` is where it pointed."""

    alias: str
    model: str
    before: str | None
    reason: str


@event_type(
    "model_alias.removed", label="model alias removed", sentence="an alias left {subject}", tone=Tone.ODD
)
class ModelAliasRemoved(Payload, frozen=True):
    """An alias points nowhere from now on."""

    alias: str
    before: str


MODEL = Kind(
    name="model",
    title=("model", "models"),
    versioned=True,
    tables=("meguru.registry.schema", "meguru.registry.signatures.schema"),
    operations=("meguru.registry.operations",),
    events=(
        *spec_events(
            "model",
            ModelSpec,
            retired="A model was taken out of use; its versions stay, and the next one brings it back.",
        ),
        ModelVersionRegistered,
        ModelVersionUnverified,
        ModelVersionImported,
        ModelVersionChanged,
        ModelVersionStaged,
        ModelVersionGroupsCounted,
        ModelVersionRemoved,
        ModelVersionSigned,
        RegisteredModelCreated,
        RegisteredModelImported,
        RegisteredModelChanged,
        RegisteredModelRenamed,
        RegisteredModelRemoved,
        ModelAliasMoved,
        ModelAliasRemoved,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    provides={
        "personal data": "meguru.registry.erase:erase",
        "pipeline output": "meguru.registry.sink:register_output",
        "described": "meguru.registry.catalogue:described",
        "detailed": "meguru.registry.catalogue:detailed",
        "baseline source": "meguru.registry.baselines:baseline_of",
        "model versions": "meguru.registry.resolving:meant",
        "checklist evidence": "meguru.registry.resolving:evidence",
        "task source": "meguru.registry.lookups:task_of_version",
    },
    spec=ModelSpec,
    spec_store="meguru.registry.spec",
    page="/ui/models/{name}/{version}",
)
