"""Release policies, as a kind: of a whole environment, so every project shares them."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, spec_events


class ReviewStage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One turn in the order of reviewers: how many distinct people with which right.

    Attributes
    ----------
    right
        A permission (``release:approve``, or one of your own: ``release:approve-risk``), ``group/NAME`` or
        ``role/NAME``; whoever approves holds ``release:approve`` besides.
    approvals
        Scalar, count: of distinct people; nobody counts in two stages.
    name
        What people call it; by default its place in the order.
    """

    right: str = "release:approve"
    approvals: int = 1
    name: str = ""


class PolicyFreeze(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}
):
    """A time in which nothing goes live: days as they are in the policy's zone, the last one with it."""

    since: str
    until: str
    why: str = ""


class ReleasePolicySpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What releases need before they go live, beside the gates of their endpoint.

    Attributes
    ----------
    endpoints
        Patterns of names in full: ``*`` is all, ``risk/*`` those of a project.
    approvals
        Scalar, count: of distinct people who approve; nobody who had a part in making the release.
    right
        What each of them holds: see `ReviewStage`.
    stages
        In place of `approvals` and `right`: who is asked first, and who then.
    gates
        Gates that each such release must have passed, beside those of its endpoint.
    windows
        When a release may go live, such as ``mon-thu 09:00-16:00 Asia/Tokyo``; always if there is none.
    freezes
        When none may.
    zone
        In which the days of freezes begin and end.
    expires
        How long an approval counts, such as ``14d``; for ever if it is empty.
    breakglass
        Scalar, count: so many people sign afterwards when somebody promotes without the approvals.
    breakglass_within
        By when they do; after that it is told as overdue.
    """

    endpoints: list[str] = msgspec.field(default_factory=lambda: ["*"])
    approvals: int = 1
    right: str = "release:approve"
    stages: list[ReviewStage] = []
    gates: list[dict[str, Any]] = []
    windows: list[str] | str = []
    freezes: list[PolicyFreeze] = []
    zone: str = "UTC"
    expires: str = ""
    breakglass: int = 2
    breakglass_within: str = "24h"

    @property
    def hours(self) -> list[str]:
        """The windows, as a list."""
        return [self.windows] if isinstance(self.windows, str) else self.windows

    @property
    def order(self) -> list[ReviewStage]:
        """The stages, each with a name."""
        whole = [ReviewStage(right=self.right, approvals=self.approvals)] if self.approvals else []
        listed = self.stages or whole
        alone = len(listed) == 1
        return [
            msgspec.structs.replace(each, name=each.name or ("review" if alone else f"stage {number}"))
            for number, each in enumerate(listed, 1)
        ]


RELEASE_POLICY = Kind(
    name="release_policy",
    title=("release policy", "release policies"),
    shared=True,
    tables=("meguru.governance.release_policies.schema",),
    operations=("meguru.governance.release_policies.operations",),
    events=(
        *spec_events("release_policy", ReleasePolicySpec, retired="It is asked of no release any more."),
    ),
    spec=ReleasePolicySpec,
    spec_store="meguru.governance.release_policies.spec",
    page="/ui/reviews#policy-{name}",
)
