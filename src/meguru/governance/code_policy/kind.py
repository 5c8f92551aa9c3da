"""Policies of code, as a kind: of a whole environment, so every project shares them."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Kind, Payload, event_type, spec_events


class PolicySpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of the commit from which code comes that is deployed, or made a model that goes live.

    `branch` is the one it is on, `clean` asks for no uncommitted changes, `reviewed` for an approval by
    another than its author; `repository` is where, if it must be a certain one. Branch, review and repository
    are told by CI (`policy.attest`).
    """

    branch: str = ""
    clean: bool = False
    reviewed: bool = False
    repository: str = ""


@event_type(
    "policy.attested", label="commit attested", sentence="{actor} told where commit {commit} comes from"
)
class PolicyAttested(Payload, frozen=True):
    """CI told of a commit: its branch and repository, who wrote it, and who approved it where."""

    commit: str
    branch: str
    repository: str
    author: str
    approved_by: list[str]
    pull_request: str


POLICY = Kind(
    name="policy",
    title=("policy", "policies"),
    shared=True,
    tables=("meguru.governance.code_policy.schema",),
    operations=("meguru.governance.code_policy.operations",),
    events=(*spec_events("policy", PolicySpec, retired="It is asked of no code any more."), PolicyAttested),
    spec=PolicySpec,
    spec_store="meguru.governance.code_policy.spec",
)
