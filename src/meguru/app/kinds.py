"""Every kind of thing there is; all else about them is said where they are declared."""

from __future__ import annotations

from functools import cache

from meguru.kernel.kinds.kind import Kind, kinds, load

KINDS = (
    "meguru.governance.roles.kind:ROLE",
    "meguru.governance.kind:PRINCIPAL",
    "meguru.governance.kind:TOKEN",
    "meguru.governance.groups.kind:GROUP",
    "meguru.governance.projects.kind:PROJECT",
    "meguru.governance.grants.kind:GRANT",
    "meguru.governance.sign_in.kind:IDENTITY_PROVIDER",
    "meguru.governance.trusts.kind:TRUST",
    "meguru.governance.signing_keys.kind:SIGNING_KEY",
    "meguru.applies.kind:APPLY",
    "meguru.governance.code_policy.kind:POLICY",
    "meguru.governance.waivers.kind:WAIVER",
    "meguru.governance.release_policies.kind:RELEASE_POLICY",
    "meguru.governance.checklists.kind:CHECKLIST",
    "meguru.artifacts.kind:EVENT",
    "meguru.artifacts.kind:BLOB",
    "meguru.artifacts.holds.kind:HOLD",
    "meguru.artifacts.retention.kind:RETENTION",
    "meguru.datasets.kind:DATASET",
    "meguru.datasets.personal.kind:ERASURE",
    "meguru.predictions.kind:PREDICTION",
    "meguru.predictions.kind:OUTCOME",
    "meguru.registry.kind:MODEL",
    "meguru.quarantine.kind:QUARANTINE",
    "meguru.pipelines.kind:PIPELINE",
    "meguru.pipelines.kind:PIPELINE_RUN",
    "meguru.pipelines.step_kind:STEP_RUN",
    "meguru.pipelines.step_kind:COMPONENT",
    "meguru.pipelines.approvals.kind:APPROVAL",
    "meguru.pipelines.pools.kind:POOL",
    "meguru.features.kind:ENTITY",
    "meguru.features.kind:FEATURE_VIEW",
    "meguru.features.kind:FEATURE_SERVICE",
    "meguru.features.materialization.kind:MATERIALIZATION",
    "meguru.sweeps.kind:SWEEP",
    "meguru.backfills.kind:BACKFILL",
    "meguru.tracking.kind:EXPERIMENT",
    "meguru.tracking.kind:RUN",
    "meguru.mlflow.kind:LOGGED_MODEL",
    "meguru.mlflow.kind:FILE",
    "meguru.collections.kind:COLLECTION",
    "meguru.serving.kind:ENDPOINT",
    "meguru.serving.contracts.kind:CONTRACT",
    "meguru.judgements.kind:FEEDBACK",
    "meguru.labelling.kind:LABELLING",
    "meguru.business.kind:BUSINESS_METRIC",
    "meguru.monitoring.kind:MONITOR",
    "meguru.monitoring.kind:REPORT",
    "meguru.releases.kind:RELEASE",
    "meguru.evidence.kind:EVIDENCE",
    "meguru.triggers.kind:TRIGGER",
    "meguru.triggers.kind:FIRING",
    "meguru.costs.kind:PRICE_LIST",
    "meguru.costs.kind:BUDGET",
    "meguru.webhooks.kind:WEBHOOK",
    "meguru.comments.kind:COMMENT",
    "meguru.alerts.kind:ALERT",
    "meguru.alerts.incidents.kind:INCIDENT",
    "meguru.alerts.notifications.kind:NOTIFICATION",
    "meguru.alerts.inbox.kind:SUBSCRIPTION",
    "meguru.summaries.kind:SCHEDULED_REPORT",
    "meguru.cards.kind:CARD",
    "meguru.audit.checkpoints.kind:CHECKPOINT",
)


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Load the declarations of all kinds, in the order of the list; nothing of what they name is imported."""
    listed = [load(place) for place in KINDS]
    return (*listed, *(kind for kind in kinds().values() if kind not in listed))
