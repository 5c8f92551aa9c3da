"""What features are: views over data by entity and time, their versions, and services that pick from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from meguru.base import digests
from meguru.compute.code.types import SourceFile

MissingPolicy = Literal["default", "last_known", "refuse"]
RowForm = Literal["frame", "row"]
ViewForm = Literal["batch", "push", "on_demand"]


class ViewDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version of a feature view says of its values; equal definitions are one version.

    Attributes
    ----------
    entities
        Names of its entities; `keys` are the columns that tell one of them from another, all taken together.
    sources
        By the name that the transform or the query uses, the dataset that is read.
    transform
        ``MODULE:FUNCTION`` of the project, from the sources' frames to one frame; `code` is the digest of all
        code that it reaches.
    sql
        A query over the sources, instead.
    time, created
        Columns: when a value holds from, and since when it has been known. Without a time it always holds.
    ttl
        How long a value holds after its time, in seconds; None for ever.
    features
        By name, the types of the values as Polars spells them; empty when they are found.
    push
        Whether rows are pushed to it; they go to the dataset that is its source.
    inputs, request
        Of a view that is computed on demand: the features of other views that it takes, as ``view:feature``
        (or all of a ``view``), and by name the types of the fields that come with the question.
    mode
        Whether its function takes a frame of rows, or one row as a dict.
    missing, defaults
        What an answer has for a value that is not there online, or too old: its default, the last known one
        with its age, or no answer at all.
    incremental
        Whether what a later version of the source adds leaves what was made of earlier rows as it is.
    """

    entities: list[str] = []
    keys: list[str] = []
    sources: dict[str, str] = {}
    transform: str = ""
    code: str = ""
    sql: str = ""
    time: str = ""
    created: str = ""
    ttl: float | None = None
    features: dict[str, str] = {}
    push: bool = False
    inputs: list[str] = []
    request: dict[str, str] = {}
    mode: RowForm = "frame"
    missing: MissingPolicy = "default"
    defaults: dict[str, Any] = {}
    incremental: bool = False

    @property
    def form(self) -> ViewForm:
        """How its values come about."""
        if self.inputs or self.request:
            return "on_demand"
        return "push" if self.push else "batch"

    @property
    def digest(self) -> str:
        """The digest that tells one version from another."""
        return digests.of_value(self)

    @property
    def rows_digest(self) -> str:
        """The digest of what its rows follow from: how long they hold, and what stands in for them, aside."""
        return digests.of_value(msgspec.structs.replace(self, ttl=None, missing="default", defaults={}))


class FeatureCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a transform: a tree of the project's modules from which exactly this function is run.

    `features` are the types that it returned for the first rows of the data, where that could be found out.
    """

    digest: str
    function: str
    snapshot: str
    sources: list[SourceFile]
    packages: list[str] = []
    features: dict[str, str] = {}


class FeatureViewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a feature view.

    `features` are the types of its values: those that were said, else those that were found when it was
    first computed (empty until then).
    """

    ref: str
    name: str
    version: int
    digest: str
    definition: ViewDefinition
    features: dict[str, str]
    created_at: datetime
    created_by: str


class RegisteredView(msgspec.Struct, frozen=True, kw_only=True):
    """A feature view as it is declared, with its newest version."""

    name: str
    ref: str
    form: ViewForm
    version: int
    online: bool
    description: str
    owner: str
    tags: list[str]
    latest: FeatureViewVersion


class RegisteredEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What values are about: the columns whose values, taken together, tell one from another."""

    name: str
    ref: str
    key: list[str]
    description: str
    owner: str
    tags: list[str]


class ServiceMember(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a view in a service, and which of its features are taken; none said: all."""

    view: str
    digest: str
    features: list[str] = []


class FeatureServiceVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a feature service: exactly these versions of views, in this order."""

    ref: str
    name: str
    version: int
    digest: str
    members: list[ServiceMember]
    full_names: bool
    created_at: datetime
    created_by: str


class RegisteredService(msgspec.Struct, frozen=True, kw_only=True):
    """A feature service as it is declared, with its newest version."""

    name: str
    ref: str
    version: int
    description: str
    owner: str
    tags: list[str]
    latest: FeatureServiceVersion


class PinnedDataset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a dataset by its reference and the digest of its manifest.

    `hidden` are its personal columns: masked when it is read by the digest that all may see.
    """

    ref: str
    digest: str
    hidden: list[str] = []


class PinnedView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a view over versions of datasets: its rows are the same for ever.

    `picked` are the features that are taken (empty: all), `datasets` are by the name of the source. `code`
    is None where there is no transform. `inputs` are the views whose values an on-demand one takes.
    """

    ref: str
    definition: ViewDefinition
    datasets: dict[str, PinnedDataset] = {}
    code: FeatureCode | None = None
    picked: list[str] = []
    inputs: list[PinnedView] = []

    @property
    def name(self) -> str:
        """The name of the view, without project and version."""
        return self.ref.rpartition("/")[2].partition("@")[0]

    @property
    def rows_digest(self) -> str:
        """The digest of what its rows follow from: definition, code and data."""
        data = {name: one.digest for name, one in self.datasets.items()}
        return digests.of_value([self.definition.rows_digest, data])


class FeatureSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a training set is made from, beside the labels: versions of views over versions of data.

    Its canonical JSON is a blob; the digest of that is what a run pins. `ref` is the service or the view that
    was asked for; `full_names` writes ``view__feature`` for each column.
    """

    ref: str
    views: list[PinnedView]
    full_names: bool = False

    @property
    def uses(self) -> list[str]:
        """References of what is in it, for the lineage."""
        views = [each for view in self.views for each in (view, *view.inputs)]
        datasets = [one.ref for view in views for one in view.datasets.values()]
        return list(dict.fromkeys([self.ref, *(view.ref for view in views), *datasets]))


class ViewRows(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a version of a view over versions of its data look like.

    Attributes
    ----------
    ref
        The version of the view.
    rows_digest
        Of what the rows follow from: see `PinnedView.rows_digest`.
    datasets
        The versions of the data, by reference.
    rows, keys
        How many rows hold at some moment, of how many entities.
    dropped
        How many had no key or no time.
    earliest, newest
        The first and the last time of a value; None when they hold always.
    profile
        Digest of a blob: what the features look like (see `meguru.stats.profile`).
    features
        Their types.
    drift
        By feature, how far its values moved since the rows of the view that were told of before: PSI.
    """

    ref: str
    rows_digest: str
    datasets: list[str]
    rows: int
    keys: int
    dropped: int = 0
    earliest: datetime | None = None
    newest: datetime | None = None
    profile: str
    features: dict[str, str] = {}
    drift: dict[str, float] = {}
    created_at: datetime | None = None


class ViewImpact(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads a view: services, models that were trained with it, endpoints that answer with those."""

    services: list[str]
    models: list[str]
    endpoints: list[str]
