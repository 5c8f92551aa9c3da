"""Experiments and runs, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


@event_type("experiment.created", label="experiment made", sentence="{subject} was made", explains=True)
class ExperimentCreated(Payload, frozen=True):
    """An experiment was made, by hand or with its first run."""

    name: str
    number: int
    note: str


@event_type(
    "experiment.imported",
    label="experiment imported",
    sentence="{subject} was imported",
    explains=True,
)
class ExperimentImported(Payload, frozen=True):
    """An experiment that was tracked elsewhere is here, or got tags that it lacked."""

    name: str
    number: int
    source: str
    tags: list[str]


@event_type("experiment.renamed", label="experiment renamed", sentence="{subject} was renamed")
class ExperimentRenamed(Payload, frozen=True):
    """An experiment has another name; its reference stays."""

    name: str
    before: str


@event_type(
    "experiment.noted",
    label="note on an experiment written",
    sentence="what {subject} is about was written down",
)
class ExperimentNoted(Payload, frozen=True):
    """What an experiment is about was written; the beginning of it is here."""

    note: str


@event_type("experiment.tagged", label="experiment tagged", sentence="{subject} was tagged")
class ExperimentTagged(Payload, frozen=True):
    """Tags of these names were written, and one was taken away."""

    tags: list[str]
    removed: str


@event_type(
    "experiment.deleted",
    label="experiment deleted",
    sentence="{subject} was deleted",
    tone=Tone.ODD,
    explains=True,
)
class ExperimentDeleted(Payload, frozen=True):
    """An experiment was marked as deleted; it and its runs are in no list."""

    name: str


@event_type(
    "experiment.restored",
    label="experiment restored",
    sentence="{subject} was restored",
    explains=True,
)
class ExperimentRestored(Payload, frozen=True):
    """The mark of a deleted experiment was taken away."""

    name: str


class _Purge(Payload, frozen=True):
    name: str
    runs: int
    left: int


@event_type(
    "experiment.emptied",
    label="runs of an experiment removed for good",
    sentence="runs of {subject} were removed for good",
    tone=Tone.ODD,
)
class ExperimentEmptied(_Purge, frozen=True):
    """So many runs of a deleted experiment were removed for good, and so many are left."""


@event_type(
    "experiment.purged",
    label="experiment removed for good",
    sentence="{subject} was removed for good",
    tone=Tone.ODD,
    explains=True,
)
class ExperimentPurged(_Purge, frozen=True):
    """An experiment was removed for good, with its last runs."""


@event_type(
    "run.started", label="run started", sentence="{subject} was started", tone=Tone.BUSY, explains=True
)
class RunStarted(Payload, frozen=True):
    """A run began; `client` is ``mlflow`` where one of MLflow's began it, which tells its params later."""

    experiment: str
    name: str
    params: dict[str, str] = msgspec.field(default_factory=dict)
    client: str = ""


@event_type("run.finished", label="run finished", sentence="{subject} was ended", explains=True)
class RunFinished(Payload, frozen=True):
    """A run ended, in this state."""

    state: str
    experiment: str
    error: str = ""


@event_type("run.reopened", label="run started again", sentence="{subject} was started again", explains=True)
class RunReopened(Payload, frozen=True):
    """A run that was over goes on."""

    state: str
    experiment: str


@event_type("run.imported", label="run imported", sentence="{subject} was imported", explains=True)
class RunImported(Payload, frozen=True):
    """A run that was tracked elsewhere is here, or so much more of it."""

    source: str
    experiment: str
    name: str
    whole: bool
    points: int
    files: int


@event_type("run.renamed", label="run renamed", sentence="{subject} was renamed")
class RunRenamed(Payload, frozen=True):
    """A run has another name."""

    name: str
    before: str


@event_type("run.noted", label="note on a run written", sentence="a note on {subject} was written")
class RunNoted(Payload, frozen=True):
    """What is to be known of a run was written; the beginning of it is here."""

    note: str


@event_type("run.tagged", label="run tagged", sentence="{subject} was tagged")
class RunTagged(Payload, frozen=True):
    """Tags of these names were written, and others taken away."""

    tags: list[str]
    removed: list[str]


@event_type("run.updated", label="run changed", sentence="{subject} was changed")
class RunUpdated(Payload, frozen=True):
    """Fields of a run were written that say nothing new of its state."""

    fields: list[str]


@event_type(
    "run.deleted", label="run deleted", sentence="{subject} was deleted", tone=Tone.ODD, explains=True
)
class RunDeleted(Payload, frozen=True):
    """A run was marked as deleted; it is in no list."""


@event_type("run.restored", label="run restored", sentence="{subject} was restored", explains=True)
class RunRestored(Payload, frozen=True):
    """The mark of a deleted run was taken away."""


@event_type("run.artifact_added", label="file added to a run", sentence="{subject} got a file")
class RunArtifactAdded(Payload, frozen=True):
    """A file is kept with a run."""

    path: str
    digest: str


@event_type("run.artifact_removed", label="file of a run removed", sentence="{subject} lost a file")
class RunArtifactRemoved(Payload, frozen=True):
    """A file of a run was taken away."""

    path: str


@event_type(
    "run.inputs_logged",
    label="inputs of a run told",
    sentence="what {subject} took in and gave out was told",
)
class RunInputsLogged(Payload, frozen=True):
    """A run took in these datasets and models, and gave out these models."""

    datasets: list[Any]
    models: list[Any]
    outputs: list[Any]


EXPERIMENT = Kind(
    name="experiment",
    title=("experiment", "experiments"),
    qualify="meguru.tracking.experiments.resolve:qualify",
    tables=("meguru.tracking.schema",),
    operations=("meguru.tracking.operations",),
    events=(
        ExperimentCreated,
        ExperimentImported,
        ExperimentRenamed,
        ExperimentNoted,
        ExperimentTagged,
        ExperimentDeleted,
        ExperimentRestored,
        ExperimentEmptied,
        ExperimentPurged,
    ),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    page="/ui/experiments/{name}",
)
RUN = Kind(
    name="run",
    title=("run", "runs"),
    named=False,
    events=(
        RunStarted,
        RunFinished,
        RunReopened,
        RunImported,
        RunRenamed,
        RunNoted,
        RunTagged,
        RunUpdated,
        RunDeleted,
        RunRestored,
        RunArtifactAdded,
        RunArtifactRemoved,
        RunInputsLogged,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    project_of="meguru.tracking.store:project_of",
    provides={
        "personal data": "meguru.tracking.erase:erase",
        "values of people": "meguru.tracking.erase:values",
    },
    services=(
        Service(name="silent-runs", factory="meguru.tracking.lease_expiry:ExpiredLeases"),
        Service(name="series", factory="meguru.tracking.series.join:joiner"),
    ),
    page="/ui/runs/{name}",
)
