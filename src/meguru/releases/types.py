"""What a release is, and how its gates judge it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.governance.waivers.types import Waiver
from meguru.serving.contracts.types import ModelInput
from meguru.serving.types import Serving, UsedFeatures


class ReleaseState(StrEnum):
    """Where a release stands; whether the live one answers is told by `Release.serving`."""

    CREATED = "created"
    PASSED = "passed"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    """Its gates could not be asked to the end for a reason of ours; it is checked again, or by a person."""
    LIVE = "live"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"


class GateVerdict(StrEnum):
    """What a gate says."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    """It failed, and a waiver in force lets the release pass: never the same as passed."""
    UNDECIDED = "undecided"
    """It could not be asked: a failure of this installation, which says nothing of the model."""


class ReleasePart(msgspec.Struct, frozen=True, kw_only=True):
    """One ingredient, with the digest of its content."""

    ref: str
    digest: str


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's verdict, the numbers it measured, and the reason in a sentence.

    `inputs` are what it looked at besides the release's own parts (a golden set), each with its digest.
    Of one that is waived, `waiver` is the reference of the waiver, and `refusal` why it failed.
    """

    gate: str
    verdict: GateVerdict
    reason: str
    numbers: dict[str, Any] = {}
    inputs: list[ReleasePart] = []
    waiver: str = ""
    refusal: str = ""

    @property
    def passed(self) -> bool:
        """Whether the gate itself lets the release through; what is waived did not pass."""
        return self.verdict is GateVerdict.PASSED


class ReleaseContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a release is made of.

    `app` is the commit of the application that calls the endpoint; `configuration` is how the endpoint was
    declared, `policies` are its gates. `contracts` are the versions of what its clients send; `inputs` say
    how the model's columns come from that, where they are other ones, `features` which views give what
    clients need not send. `documents` is what people wrote about it and answer for (the card's own words,
    a checklist, waivers). Empty fields were not known when the release was made.
    """

    app: str
    pipeline: ReleasePart | None
    run: str
    datasets: list[ReleasePart]
    model: ReleasePart
    endpoint: str
    configuration: dict[str, Any]
    policies: list[dict[str, Any]]
    contracts: list[ReleasePart] = []
    inputs: list[ModelInput] = []
    features: UsedFeatures | None = None
    documents: list[ReleasePart] = []


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    """The seven hashes of a release; two releases that share one have that part in common."""

    app: str
    pipeline: str
    data: str
    model: str
    endpoint: str
    policies: str
    gates: str


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event of what was sent, as it happened where it came from."""

    id: str
    type: str
    at: datetime
    actor: str
    subject: str
    data: dict[str, Any] = {}


class ReleaseOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a release came from: the environment, its release there, what its gates said, its history.

    `identity` is the digest of what the release carries, `commit` the one of its pipeline's source.
    """

    source: str
    release: str
    digest: str
    identity: str
    results: list[GateResult]
    history: list[HistoryLine]
    commit: str = ""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered release of an endpoint.

    `digest` is of the content, what it was compared to and the gates' results; `content_digest` of the
    content alone. `champion` was live when the gates ran. The events tell of its creation and its verdict.
    `serving` is what the servers do with it while it is the live one. Who `acknowledged` a refusal has seen
    it: it needs nobody any more. One that was sent from another environment has its `origin`; `identity`
    is the digest of what it carries, equal in every environment. `waivers` are those by which it passed, as
    they are now.
    """

    endpoint: str
    version: int
    state: ReleaseState
    content: ReleaseContent
    content_digest: str
    hashes: Hashes
    identity: str
    digest: str
    results: list[GateResult]
    champion: ReleasePart | None
    created_at: datetime
    created_by: str
    created_event: str
    checked_at: datetime | None = None
    checked_event: str | None = None
    live_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    serving: Serving | None = None
    origin: ReleaseOrigin | None = None
    waivers: list[Waiver] = []

    @property
    def is_waived(self) -> bool:
        """Whether a gate refused it, and it passed by a waiver."""
        return any(result.verdict is GateVerdict.WAIVED for result in self.results)

    @property
    def standing(self) -> str:
        """Its state in a word; what was promoted is called live only while it answers.

        What passed by a waiver is ``waived``; what is live by one that has ended ``waiver_ended``.
        """
        if self.state is ReleaseState.PASSED and self.is_waived:
            return "waived"
        if self.state is not ReleaseState.LIVE:
            return self.state.value
        if any(waiver.is_lapsed for waiver in self.waivers):
            return "waiver_ended"
        answers = self.serving is not None and self.serving.current
        return "live" if answers else "promoted"

    @property
    def ref(self) -> str:
        """The reference of this release."""
        return refs.make("release", self.endpoint, self.version)

    @property
    def model(self) -> str:
        """The model version that it puts live."""
        return self.content.model.ref

    @property
    def reasons(self) -> list[str]:
        """Why it was refused, else why it is undecided, else what was waived, else why it passed."""
        for verdict in (GateVerdict.FAILED, GateVerdict.UNDECIDED, GateVerdict.WAIVED):
            if found := [result.reason for result in self.results if result.verdict is verdict]:
                return found
        return [result.reason for result in self.results]


class ReleaseDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One part in which two releases differ; an empty side means that the part is not there."""

    part: str
    before: str
    after: str


class ReleaseDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one release to another."""

    before: str
    after: str
    changes: list[ReleaseDifference]
