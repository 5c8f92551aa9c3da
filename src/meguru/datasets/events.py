"""What happens to datasets, as the log tells it."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Payload, Remedy, Tone, Urgency, event_type


@event_type(
    "dataset_version.created",
    label="dataset version registered",
    sentence="{subject} was registered",
    explains=True,
)
class DatasetVersionCreated(Payload, frozen=True):
    """A dataset has a new version."""

    digest: str
    rows: int
    files: int
    mode: str
    note: str


@event_type(
    "dataset_version.drafted",
    label="version on a branch of a dataset",
    sentence="{subject} was registered on the branch {branch}",
    explains=True,
)
class DatasetVersionDrafted(Payload, frozen=True):
    """A branch of a dataset has a new version; nothing that waits for data takes it up."""

    digest: str
    rows: int
    files: int
    mode: str
    note: str
    branch: str


@event_type("dataset_version.tagged", label="dataset version tagged", sentence="{subject} was tagged {tag}")
class DatasetVersionTagged(Payload, frozen=True):
    """A version got a name; `before` is the version that had it."""

    tag: str
    before: str = ""


@event_type("dataset_version.untagged", label="tag taken away", sentence="{subject} is tagged {tag} no more")
class DatasetVersionUntagged(Payload, frozen=True):
    """A version lost a name."""

    tag: str


@event_type(
    "dataset_branch.created",
    label="branch of a dataset begun",
    sentence="the branch {branch} of {subject} was begun",
)
class DatasetBranchCreated(Payload, frozen=True):
    """A dataset has a new line of versions, which begins at `base`."""

    branch: str
    base: str


@event_type(
    "dataset_branch.dropped",
    label="branch of a dataset dropped",
    sentence="the branch {branch} of {subject} was dropped",
)
class DatasetBranchDropped(Payload, frozen=True):
    """A branch is no more; its versions are removed, or stay in the main line."""

    branch: str
    latest: str


@event_type(
    "dataset_version.removed",
    label="dataset version removed",
    sentence="{subject} was removed",
    tone=Tone.ODD,
    explains=True,
)
class DatasetVersionRemoved(Payload, frozen=True):
    """A version is read no more; its lineage stays."""

    digest: str
    rows: int
    bytes: int
    reason: str = ""


@event_type(
    "dataset_version.erased",
    label="rows of a person erased from a version",
    sentence="rows of a person were erased from {subject}",
    tone=Tone.ODD,
    explains=True,
)
class DatasetVersionErased(Payload, frozen=True):
    """A version has fewer rows than it had, and another digest: `before` was its name in the lineage."""

    before: str
    after: str
    rows: int


@event_type(
    "dataset_version.seen_in_clear",
    label="personal data seen in clear",
    sentence="personal columns of {subject} were read in clear",
    tone=Tone.ODD,
    explains=True,
)
class DatasetVersionSeenInClear(Payload, frozen=True):
    """Somebody asked for the values of personal columns, and said why."""

    columns: list[str]
    reason: str


@event_type(
    "dataset.freed", label="bytes of removed versions freed", sentence="bytes of removed versions were freed"
)
class DatasetFreed(Payload, frozen=True):
    """The blobs of removed versions that nothing else needs are gone."""

    versions: list[str]
    blobs: int
    bytes: int


@event_type(
    "dataset_version.arrived", label="files of a dataset arrived", sentence="the files of {subject} arrived"
)
class DatasetVersionArrived(Payload, frozen=True):
    """The files of a version are here, which had been sent without them."""

    digest: str


@event_type(
    "dataset_version.checked",
    label="dataset version checked",
    sentence="{subject} was held against its expectations: {state}",
)
class DatasetVersionChecked(Payload, frozen=True):
    """The rows of a version were held against what is expected; `wrong` is what they do not hold."""

    name: str
    state: str
    rows: int
    wrong: list[str]


@event_type(
    "dataset.refused",
    label="dataset version refused",
    sentence="a version of {subject} was refused: its rows do not hold what is expected",
    tone=Tone.BAD,
    explains=True,
    subject="dataset/NAME",
    needs_person=Attention(
        about="dataset/{name}",
        answered_by=(Remedy("dataset_version.checked"),),
        meaning="New rows of {name} were not taken; what reads it goes on with those from before.",
    ),
)
class DatasetRefused(Payload, frozen=True):
    """Rows were to become a version, and do not hold what stops one; nothing was registered."""

    name: str
    rows: int
    wrong: list[str]


@event_type(
    "dataset.pull_started",
    label="source of a dataset is read",
    sentence="the source of {subject} is read",
    tone=Tone.BUSY,
    subject="dataset/NAME",
)
class DatasetPullStarted(Payload, frozen=True):
    """A read of a dataset's source was asked for."""

    pull: str
    note: str
    full: bool


@event_type(
    "dataset.pulled",
    label="source of a dataset read",
    sentence="the source of {subject} was read",
    subject="dataset/NAME",
)
class DatasetPulled(Payload, frozen=True):
    """A dataset's source was read, from one position to another; `version` is empty where nothing was new."""

    pull: str
    asked_by: str
    note: str
    version: str
    rows: int
    added: int
    before: str
    position: str
    told: str = ""


@event_type(
    "dataset.pull_failed",
    label="source of a dataset can't be read",
    sentence="the source of {subject} could not be read: {why}",
    tone=Tone.BAD,
    subject="dataset/NAME",
    needs_person=Attention(
        severity=Urgency.WARNING,
        answered_by=(Remedy("dataset.pulled"),),
        meaning="{subject} gets no new rows until its source can be read again: {why}",
    ),
)
class DatasetPullFailed(Payload, frozen=True):
    """A dataset's source could not be read; `next_at` is when it is tried by itself (empty: never)."""

    pull: str
    asked_by: str
    why: str
    failures: int
    next_at: str


@event_type(
    "dataset_version.measured",
    label="files of a dataset measured",
    sentence="the files of {subject} were measured",
)
class DatasetVersionMeasured(Payload, frozen=True):
    """Something was measured of the files of a version: how images look, or vectors that a model gives."""

    by: str
    files: int
    digest: str


EVENTS = (
    DatasetVersionCreated,
    DatasetVersionArrived,
    DatasetVersionDrafted,
    DatasetVersionTagged,
    DatasetVersionUntagged,
    DatasetBranchCreated,
    DatasetBranchDropped,
    DatasetVersionRemoved,
    DatasetVersionChecked,
    DatasetRefused,
    DatasetVersionMeasured,
    DatasetFreed,
    DatasetVersionSeenInClear,
    DatasetVersionErased,
    DatasetPullStarted,
    DatasetPulled,
    DatasetPullFailed,
)
