"""Entities, feature views and feature services, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.features.types import MissingPolicy, RowForm
from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Tone, event_type, spec_events

_STAYS = "It is out of use; its versions stay for who was trained with them."


class EntitySpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What values are about: `key` are the columns whose values, taken together, tell one from another.

    In a project file one column may be written as a text: ``key = "origin"``.
    """

    key: list[str]
    description: str = ""
    owner: str = ""
    tags: list[str] = []


class EntitySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[entity.NAME]`` of a project file: what values are about.

    `key` is the column that tells one from another, or several whose values do so together.
    """

    key: str | list[str]
    description: str = ""
    owner: str = ""
    tags: list[str] = []


class FeatureViewSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a feature view; see `ViewDefinition` for what makes a version of it.

    `online` says whether its values are kept for serving.
    """

    entities: list[str] = []
    sources: dict[str, str] = {}
    transform: str = ""
    code: str = ""
    sql: str = ""
    time: str = ""
    created: str = ""
    ttl: str = ""
    features: dict[str, str] = {}
    push: bool = False
    inputs: list[str] = []
    request: dict[str, str] = {}
    mode: RowForm = "frame"
    missing: MissingPolicy = "default"
    defaults: dict[str, Any] = {}
    incremental: bool = False
    online: bool = True
    description: str = ""
    owner: str = ""
    tags: list[str] = []


class FeatureViewSection(FeatureViewSpec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[feature_view.NAME]`` of a project file: values of an entity over time, made from datasets.

    `entity` is one or several; `source` is a dataset, `sources` are several by the name that the code uses.
    `transform` is ``FILE.py:FUNCTION`` of the project's folder, from frames to a frame; `sql` a query
    instead. `time` is the column from which a value holds, `created` the one since which it is known, `ttl`
    how long it holds (``"3h"``). `features` are types by name, found when they are not said. With `push`
    rows are pushed. With `inputs` (features of other views) or `request` (types of fields by name) the
    function is run when somebody asks. `entities` and `code` are how a declaration that was adopted says it.
    """

    entity: str | list[str] = []
    source: str = ""


class FeatureServiceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which features a model eats, in their order: views (``weather``) or single features (``weather:temp``).

    ``weather@2`` keeps to that version; else the service gets a next version when the view does. With
    `full_names` columns are called ``weather__temp``.
    """

    views: list[str]
    full_names: bool = False
    description: str = ""
    owner: str = ""
    tags: list[str] = []


@event_type(
    "feature_view.registered",
    label="feature view registered",
    sentence="{subject} was registered",
    explains=True,
)
class FeatureViewRegistered(Payload, frozen=True):
    """A feature view has a new version."""

    digest: str
    form: str
    entities: list[str]


@event_type(
    "feature_view.code_kept", label="code of a feature view kept", sentence="the code of {subject} was kept"
)
class FeatureViewCodeKept(Payload, frozen=True):
    """The code that a declaration is to name was brought along."""

    code: str
    function: str
    snapshot: str


@event_type(
    "feature_view.profiled",
    label="feature view computed",
    sentence="{subject} was computed: {rows} rows",
)
class FeatureViewProfiled(Payload, frozen=True):
    """The rows of a version over versions of its sources were computed: how many, and what they look like."""

    rows: int
    digest: str


@event_type(
    "feature_service.registered",
    label="feature service registered",
    sentence="{subject} was registered",
    explains=True,
)
class FeatureServiceRegistered(Payload, frozen=True):
    """A feature service has a new version: other views, or other versions of them."""

    digest: str
    views: list[str]


@event_type("feature_view.pushed", label="rows pushed", sentence="{rows} rows were pushed to {subject}")
class FeatureViewPushed(Payload, frozen=True):
    """Rows were pushed: so many, of which so many are what is read online now."""

    rows: int
    online: int
    to: str


@event_type(
    "feature_view.push_stalled",
    label="pushed rows wait",
    sentence="what was pushed to {subject} is in no version of its source: {reason}",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(Remedy("feature_view.push_resumed"),),
        meaning="Training does not see what is pushed to {subject}: {reason}",
    ),
)
class FeatureViewPushStalled(Payload, frozen=True):
    """Pushed rows could not become rows of the view's source; they are kept, and tried again."""

    reason: str


@event_type(
    "feature_view.push_resumed",
    label="pushed rows are in their source",
    sentence="what was pushed to {subject} is in a version of its source: {rows} rows",
    tone=Tone.GOOD,
)
class FeatureViewPushResumed(Payload, frozen=True):
    """Pushed rows that had to wait are in a version of the view's source."""

    rows: int


ENTITY = Kind(
    name="entity",
    title=("entity", "entities"),
    tables=("meguru.features.schema",),
    operations=("meguru.features.operations",),
    events=spec_events(
        "entity", EntitySpec, retired="An entity is out of use; versions of views that are about it stay."
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    spec=EntitySpec,
    spec_store="meguru.features.entity_spec",
    section_type=EntitySection,
    prepare="meguru.features.project_file:prepare_entity",
    provides={
        "described": "meguru.features.catalogue:described_entities",
        "detailed": "meguru.features.catalogue:detailed_entity",
    },
    page="/ui/features/entities/{name}",
)
FEATURE_VIEW = Kind(
    name="feature_view",
    title=("feature view", "feature views"),
    versioned=True,
    tables=("meguru.features.schema",),
    operations=("meguru.features.operations", "meguru.features.online.operations"),
    events=(
        *spec_events("feature_view", FeatureViewSpec, retired=_STAYS),
        FeatureViewRegistered,
        FeatureViewCodeKept,
        FeatureViewProfiled,
        FeatureViewPushed,
        FeatureViewPushStalled,
        FeatureViewPushResumed,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write", "get", "push"), "service": ("get", "push")},
    spec=FeatureViewSpec,
    spec_store="meguru.features.view_spec",
    section_type=FeatureViewSection,
    prepare="meguru.features.project_file:prepare_view",
    upload="meguru.features.project_file:carry_view",
    provides={
        "features door": "meguru.features.door:FeatureDoor",
        "personal data": "meguru.features.erase:erase",
        "described": "meguru.features.catalogue:described_views",
        "detailed": "meguru.features.catalogue:detailed_view",
    },
    internal={"fold": "the server makes a version of the source of what was pushed"},
    page="/ui/features/views/{name}/{version}",
)
FEATURE_SERVICE = Kind(
    name="feature_service",
    title=("feature service", "feature services"),
    versioned=True,
    tables=("meguru.features.schema",),
    operations=("meguru.features.operations",),
    events=(
        *spec_events("feature_service", FeatureServiceSpec, retired=_STAYS),
        FeatureServiceRegistered,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    spec=FeatureServiceSpec,
    spec_store="meguru.features.service_spec",
    provides={
        "pinned features": "meguru.features.pinning:pin",
        "described": "meguru.features.catalogue:described_services",
        "detailed": "meguru.features.catalogue:detailed_service",
    },
    page="/ui/features/services/{name}/{version}",
)
