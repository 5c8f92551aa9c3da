"""Lists that grow come in pages: nothing is cut in silence, and no answer has everything."""

from __future__ import annotations

import inspect
import typing

from meguru.app.nouns import load_operations
from meguru.kernel.operations.operation import registered

# Each thing was declared by its name, by somebody who may: dozens, or some hundreds.
DECLARED = {
    "apply.present", "budget.list", "business_metric.list", "card.list", "checklist.list",
    "checklist.templates", "checkpoint.list", "collection.list", "component.list", "contract.list",
    "dataset.sources", "entity.list", "feature_service.list", "feature_view.freshness", "feature_view.list",
    "grant.list", "group.list", "hold.list", "monitor.list", "notification.list", "pool.list",
    "principal.list", "project.list", "project.members", "release_policy.list", "role.list",
    "scheduled_report.list", "signing_key.list", "subscription.list", "trigger.list", "trigger.listeners",
    "webhook.list", "labelling.list",
}  # fmt: skip
# What one thing has, or what was asked for by name.
OF_ONE = {
    "blob.verify", "dataset.branches", "dataset.files", "dataset.measurements", "dataset.personal",
    "dataset.tags", "feature_view.profiles", "feature_view.tags", "labelling.disputes",
    "mlflow.logged_model_files", "model.alias_history", "model.aliases", "model.newest", "model.signatures",
    "model.uses", "pipeline_run.explain", "policy.attested", "release.missing", "release.newest",
    "run.artifacts", "run.chart", "run.charts", "run.counts",
}  # fmt: skip
# The newest or best so many, as asked for; nobody can go on from the last of them.
NEWEST = {
    "card.changelog", "card.history", "dataset.pulls", "event.last_words",
    "feature_service.versions", "feature_view.rows", "feature_view.versions", "model.best", "monitor.drift",
    "notification.deliveries", "notification.newest", "release.awaiting", "release.of_model",
    "report.list", "webhook.deliveries",
}  # fmt: skip
CURSORS = {"cursor", "before", "after"}


def test_a_query_that_answers_a_list_answers_a_page_or_is_known_to_be_short():
    load_operations()
    found, cut = set(), set()
    for each in registered().values():
        parameters = set(inspect.signature(each.function).parameters)
        answer = typing.get_type_hints(each.function)["return"]
        is_list = typing.get_origin(answer) in {list, dict}
        # A list of specs is of one thing; `before` or `after` lets one go on from what was seen last.
        ours = not each.name.startswith("mlflow.get_")  # their protocol's shape
        if each.query and ours and is_list and not parameters & CURSORS and not each.name.endswith(".specs"):
            (cut if "limit" in parameters else found).add(each.name)
    # One that grows answers a `Page` and takes a `cursor`; what can't be long is named above.
    assert found == DECLARED | OF_ONE
    assert cut == NEWEST
