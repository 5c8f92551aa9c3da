"""What the records say of a version, in the shape that every form of a card is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class CardColumn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column: its name and type, and what was seen in it.

    `tags` are those that people or detectors gave it. Of a personal one no value is told: `low`, `high` (of
    numbers and times) and `values` (the commonest) are empty then. `missing` is a share.
    """

    name: str
    type: str
    tags: list[str] = []
    low: float | str | None = None
    high: float | str | None = None
    values: list[str] = []
    missing: float | None = None

    @property
    def is_personal(self) -> bool:
        """Whether it tells who somebody is, or something that is nobody's business."""
        return bool({"pii", "sensitive"} & set(self.tags))


class CardMetric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric's value with its interval; `n` rows told it. Without a level it is the author's number."""

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.0
    n: int = 0
    unit: str = ""
    direction: str = "higher"
    method: str = ""


class CardSlice(msgspec.Struct, frozen=True, kw_only=True):
    """What metrics say of the rows with one value of a column; the value of a personal one is not told."""

    column: str
    value: str
    rows: int
    metrics: list[CardMetric]


class CardData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data that a version was made from; `since` and `until` are the first and last event time."""

    ref: str
    digest: str = ""
    rows: int = 0
    bytes: int = 0
    columns: list[CardColumn] = []
    event_time: str = ""
    since: str = ""
    until: str = ""


class CardGate(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate said of a release, and the numbers that it measured."""

    release: str
    gate: str
    verdict: str
    reason: str
    numbers: dict[str, Any] = {}


class CardApproval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person decided of a release, and whether that counts (``valid``, ``void``, ``expired``)."""

    decision: str
    by: str
    at: datetime
    state: str
    note: str = ""
    why: str = ""


class CardWaiver(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What lets a gate's refusal pass, who granted it, and until when."""

    ref: str
    endpoint: str
    gate: str
    state: str
    reason: str
    asked_by: str
    expires_at: datetime
    decided_by: str = ""


class CardChecklist(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a version has come with a checklist: `settled` of `items`, and which are not."""

    ref: str
    title: str
    items: int
    settled: int
    unsettled: list[str] = []
    follows: str = ""


class CardRelease(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A release: where it stands, and which documents are under its digest."""

    ref: str
    endpoint: str
    model: str
    state: str
    digest: str = ""
    by: str = ""
    live_at: datetime | None = None
    ended_at: datetime | None = None
    documents: list[str] = []
    approvals: list[CardApproval] = []


class CardMonitor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A monitor: what it looks at, what it said last, and when it rang last."""

    ref: str
    watches: str
    checks: list[str] = []
    verdict: str = ""
    reason: str = ""
    at: datetime | None = None
    rang_at: datetime | None = None


class CardCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made it, and in which environment."""

    run: str = ""
    pipeline: str = ""
    entry: str = ""
    commit: str = ""
    digest: str = ""
    python: str = ""
    packages: list[str] = []


class CardCost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the run that made it used and cost; None where nothing has a price, or no power is declared."""

    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    memory_gb_seconds: float = 0.0
    money: float | None = None
    unit: str = ""
    kwh: float | None = None
    co2_kg: float | None = None


class LineageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One edge of what a version was made from."""

    source: str
    target: str


class CardModel(msgspec.Struct, frozen=True, kw_only=True, tag="model", omit_defaults=True):
    """What the records say of a model version."""

    ref: str
    name: str
    version: int
    description: str = ""
    owner: str = ""
    group: str = ""
    tags: dict[str, str] = {}
    aliases: list[str] = []
    stage: str = ""
    state: str = ""
    reason: str = ""
    note: str = ""
    task: str = ""
    classes: list[str] = []
    flavor: str = ""
    digest: str = ""
    tree_digest: str = ""
    size: int = 0
    files: dict[str, int] = {}
    created_at: datetime | None = None
    created_by: str = ""
    features: list[CardColumn] = []
    outputs: dict[str, str] = {}
    params: dict[str, Any] = {}
    label: str = ""
    holdout_rows: int = 0
    metrics: list[CardMetric] = []
    baselines: dict[str, float] = {}
    slices: list[CardSlice] = []
    data: list[CardData] = []
    lineage: list[LineageLine] = []
    code: CardCode = CardCode()
    cost: CardCost | None = None
    gates: list[CardGate] = []
    releases: list[CardRelease] = []
    waivers: list[CardWaiver] = []
    checklists: list[CardChecklist] = []
    uses: dict[str, str] = {}
    monitors: list[CardMonitor] = []


class CardDataset(msgspec.Struct, frozen=True, kw_only=True, tag="dataset", omit_defaults=True):
    """What the records say of a dataset version."""

    ref: str
    name: str
    version: int
    description: str = ""
    owner: str = ""
    format: str = ""
    digest: str = ""
    rows: int = 0
    bytes: int = 0
    files: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    note: str = ""
    key: list[str] = []
    event_time: str = ""
    since: str = ""
    until: str = ""
    columns: list[CardColumn] = []
    treated: dict[str, str] = {}
    source: str = ""
    keep: str = ""
    hold: str = ""
    checks: list[str] = []
    lineage: list[LineageLine] = []
    models: list[str] = []
    monitors: list[CardMonitor] = []


class CardAlert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that may happen, what it means, and the command to begin with; `open` of them stand now."""

    name: str
    meaning: str
    command: str
    open: int = 0
    last_at: datetime | None = None


class CardService(msgspec.Struct, frozen=True, kw_only=True):
    """How requests of some days were answered; latencies are in seconds."""

    days: int
    requests: int
    errors: int
    turned_away: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class CardEndpoint(msgspec.Struct, frozen=True, kw_only=True, tag="endpoint", omit_defaults=True):
    """What the records say of an endpoint, for who has to keep it answering."""

    ref: str
    name: str
    description: str = ""
    model: str = ""
    state: str = ""
    why: str = ""
    release: str = ""
    live_model: str = ""
    previous: str = ""
    servers: int = 0
    contract: str = ""
    inputs: list[CardColumn] = []
    outputs: dict[str, str] = {}
    example: dict[str, Any] = {}
    features: str = ""
    views: list[str] = []
    shadow: list[str] = []
    record: bool = True
    renew_within: float = 0.0
    predictions: int = 0
    last_request: datetime | None = None
    service: CardService | None = None
    gates: list[str] = []
    monitors: list[CardMonitor] = []
    alerts: list[CardAlert] = []
    told: list[str] = []
    releases: list[CardRelease] = []


CardFacts = CardModel | CardDataset | CardEndpoint
