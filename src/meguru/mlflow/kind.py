"""What MLflow's clients keep beside runs, as kinds: logged models, and files that belong to no run."""

from __future__ import annotations

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


@event_type(
    "logged_model.created", label="logged model begun", sentence="{subject} was started", explains=True
)
class LoggedModelCreated(Payload, frozen=True):
    """An MLflow client began to save a model; `experiment` is its number."""

    name: str
    run: str
    experiment: str


@event_type(
    "logged_model.imported", label="logged model imported", sentence="{subject} was imported", explains=True
)
class LoggedModelImported(Payload, frozen=True):
    """A model that was saved elsewhere is here, or files and points of it that were missing."""

    source: str
    name: str
    run: str
    files: int
    points: int = 0


@event_type(
    "logged_model.finished", label="logged model saved", sentence="{subject} was saved", explains=True
)
class LoggedModelFinished(Payload, frozen=True):
    """Its files are all there, or could not be sent."""

    status: str
    tree: str
    files: int


@event_type("logged_model.changed", label="logged model changed", sentence="{subject} was changed")
class LoggedModelChanged(Payload, frozen=True):
    """Its params or tags changed; `dropped` is the tag that was taken away."""

    params: dict[str, str]
    tags: dict[str, str]
    dropped: str


@event_type(
    "logged_model.removed",
    label="logged model deleted",
    sentence="{subject} was deleted",
    tone=Tone.ODD,
    explains=True,
)
class LoggedModelRemoved(Payload, frozen=True):
    """It was marked as deleted; everything stays."""


@event_type(
    "file.removed",
    label="file removed",
    sentence="{subject} lost a file",
    subject="workspace/files",
    tone=Tone.ODD,
)
class FileRemoved(Payload, frozen=True):
    """An MLflow client removed a file that belongs to no run."""

    path: str


LOGGED_MODEL = Kind(
    name="logged_model",
    title=("logged model", "logged models"),
    named=False,
    events=(
        LoggedModelCreated,
        LoggedModelImported,
        LoggedModelFinished,
        LoggedModelChanged,
        LoggedModelRemoved,
    ),
    project_of="meguru.mlflow.logged_models.store:project_of",
    tables=("meguru.mlflow.schema",),
    provides={
        "topic adapter": "meguru.mlflow.registry.topics:ADAPTER",
        "purge follower": "meguru.mlflow.logged_models.purge:forget_runs",
    },
)
"""A part of a run: who may change that may change it. Its project is that of its experiment."""
FILE = Kind(
    name="file",
    title=("file", "files"),
    named=False,
    events=(FileRemoved,),
    provides={"personal data": "meguru.mlflow.artifacts.erase:erase"},
)
