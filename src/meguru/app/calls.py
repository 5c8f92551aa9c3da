"""Every operation as ``noun_verb``, to be called on a server without importing what carries it out.

Written by scripts/make_reference.py: change the operations, then run it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.kernel.call import LazyOperation, OperationEntry

if TYPE_CHECKING:
    from meguru.alerts.acknowledge import acknowledge as alert_acknowledge
    from meguru.alerts.acknowledge import mute as alert_mute
    from meguru.alerts.acknowledge import resolve as alert_resolve
    from meguru.alerts.acknowledge import unmute as alert_unmute
    from meguru.alerts.inbox.show import configure as subscription_configure
    from meguru.alerts.inbox.show import inbox as subscription_inbox
    from meguru.alerts.inbox.show import read as subscription_read
    from meguru.alerts.inbox.subscribe import follow as subscription_follow
    from meguru.alerts.inbox.subscribe import list_subscriptions as subscription_list
    from meguru.alerts.inbox.subscribe import unfollow as subscription_unfollow
    from meguru.alerts.incidents.begin import open_incident as incident_open
    from meguru.alerts.incidents.close import close as incident_close
    from meguru.alerts.incidents.close import note as incident_note
    from meguru.alerts.incidents.show import list_incidents as incident_list
    from meguru.alerts.incidents.show import show as incident_show
    from meguru.alerts.notifications.operations import specs as _meguru_alerts_notifications_operations_specs
    from meguru.alerts.notifications.show import deliveries as notification_deliveries
    from meguru.alerts.notifications.show import list_notifications as notification_list
    from meguru.alerts.notifications.show import newest_deliveries as notification_newest
    from meguru.alerts.notifications.show import show as notification_show
    from meguru.alerts.notifications.show import try_out as notification_test
    from meguru.alerts.show import list_alerts as alert_list
    from meguru.alerts.show import show as alert_show
    from meguru.app.catalogue.find import find as catalogue_find
    from meguru.app.status.digests import digests as status_digests
    from meguru.app.status.show import show as status_show
    from meguru.applies.carry_out import finish as apply_finish
    from meguru.applies.carry_out import start as apply_start
    from meguru.applies.carry_out import step as apply_step
    from meguru.applies.plan import plan as apply_plan
    from meguru.applies.show import list_applies as apply_list
    from meguru.applies.show import present as apply_present
    from meguru.applies.show import show as apply_show
    from meguru.artifacts.holds.operations import list_holds as hold_list
    from meguru.artifacts.holds.operations import place as hold_place
    from meguru.artifacts.holds.operations import release as hold_release
    from meguru.artifacts.integrity.operations import list_references as blob_list
    from meguru.artifacts.integrity.operations import verify_blobs as blob_verify
    from meguru.artifacts.lineage import show as lineage_show
    from meguru.artifacts.log import last_words as event_last_words
    from meguru.artifacts.log import list_events as event_list
    from meguru.artifacts.log import wait_event as event_wait
    from meguru.artifacts.retention.apply import due as retention_due
    from meguru.artifacts.retention.operations import specs as _meguru_artifacts_retention_operations_specs
    from meguru.artifacts.why import show as why_show
    from meguru.audit.answers.changes import changes as audit_changes
    from meguru.audit.answers.in_force import in_force as audit_in_force
    from meguru.audit.answers.person import audit_events as audit_events
    from meguru.audit.answers.person import person as audit_person
    from meguru.audit.answers.who_could import who_could as audit_who_could
    from meguru.audit.checkpoints.operations import specs as _meguru_audit_checkpoints_operations_specs
    from meguru.audit.checkpoints.take import list_checkpoints as checkpoint_list
    from meguru.audit.checkpoints.take import list_heads as checkpoint_heads
    from meguru.audit.checkpoints.take import take as checkpoint_take
    from meguru.audit.proof import prove as audit_prove
    from meguru.audit.verify import verify as audit_verify
    from meguru.backfills.cancel import cancel as backfill_cancel
    from meguru.backfills.pause import pause as backfill_pause
    from meguru.backfills.pause import resume as backfill_resume
    from meguru.backfills.retry import retry as backfill_retry
    from meguru.backfills.show import list_backfills as backfill_list
    from meguru.backfills.show import list_partitions as backfill_partitions
    from meguru.backfills.show import show as backfill_show
    from meguru.backfills.start import start as backfill_start
    from meguru.business.create import create as business_metric_create
    from meguru.business.measure import measure as business_metric_measure
    from meguru.business.operations import specs as _meguru_business_operations_specs
    from meguru.business.show import list_metrics as business_metric_list
    from meguru.business.show import show_metric as business_metric_show
    from meguru.cards.changelog import changelog as card_changelog
    from meguru.cards.confirm import confirm as card_confirm
    from meguru.cards.confirm import edit as card_edit
    from meguru.cards.diff import diff as card_diff
    from meguru.cards.export import export as card_export
    from meguru.cards.operations import specs as _meguru_cards_operations_specs
    from meguru.cards.show import history as card_history
    from meguru.cards.show import list_cards as card_list
    from meguru.cards.show import show as card_show
    from meguru.cards.snapshots import write as card_write
    from meguru.collections.collect import collect as collection_collect
    from meguru.collections.operations import specs as _meguru_collections_operations_specs
    from meguru.collections.show import list_collections as collection_list
    from meguru.comments.show import list_comments as comment_list
    from meguru.comments.show import show as comment_show
    from meguru.comments.write import add as comment_add
    from meguru.comments.write import edit as comment_edit
    from meguru.comments.write import moderate as comment_moderate
    from meguru.comments.write import remove as comment_remove
    from meguru.costs.operations import budgets as _meguru_costs_operations_budgets
    from meguru.costs.operations import prices as _meguru_costs_operations_prices
    from meguru.costs.show import list_budgets as budget_list
    from meguru.costs.show import report as cost_report
    from meguru.costs.show import show as cost_show
    from meguru.costs.show import show_budget as budget_show
    from meguru.datasets.delta.operations import table as dataset_table
    from meguru.datasets.diff import diff as dataset_diff
    from meguru.datasets.expectations.check import check as dataset_check
    from meguru.datasets.expectations.check import checks as dataset_checks
    from meguru.datasets.expectations.propose import propose as dataset_propose
    from meguru.datasets.folders.browse import browse as dataset_browse
    from meguru.datasets.folders.browse import thumbnail as dataset_thumbnail
    from meguru.datasets.folders.measure.keep import keep_measurement as dataset_keep_measurement
    from meguru.datasets.folders.measure.keep import last_measurement as dataset_last_measurement
    from meguru.datasets.folders.measure.keep import measurements as dataset_measurements
    from meguru.datasets.folders.register import register_folder as dataset_register_folder
    from meguru.datasets.free import free as dataset_free
    from meguru.datasets.free import garbage as dataset_garbage
    from meguru.datasets.operations import specs as _meguru_datasets_operations_specs
    from meguru.datasets.personal.erase import erase as dataset_erase
    from meguru.datasets.personal.list import list_erasures as erasure_list
    from meguru.datasets.personal.masking import look as dataset_look
    from meguru.datasets.personal.propose import personal as dataset_personal
    from meguru.datasets.personal.repeat import again as erasure_again
    from meguru.datasets.personal.repeat import owed as erasure_owed
    from meguru.datasets.personal.screening import returned as dataset_returned
    from meguru.datasets.pulls.show import position as dataset_position
    from meguru.datasets.pulls.show import pulls as dataset_pulls
    from meguru.datasets.pulls.show import sources as dataset_sources
    from meguru.datasets.pulls.start import pull as dataset_pull
    from meguru.datasets.quality.report import report as dataset_report
    from meguru.datasets.register import register as dataset_register
    from meguru.datasets.remove import remove as dataset_remove
    from meguru.datasets.show import files as dataset_files
    from meguru.datasets.show import head as dataset_head
    from meguru.datasets.show import list_datasets as dataset_list
    from meguru.datasets.show import profile as dataset_profile
    from meguru.datasets.show import show as dataset_show
    from meguru.datasets.show import versions as dataset_versions
    from meguru.datasets.sql.server_query import query as dataset_query
    from meguru.datasets.versions.branches import branch as dataset_branch
    from meguru.datasets.versions.branches import branches as dataset_branches
    from meguru.datasets.versions.branches import drop_branch as dataset_drop_branch
    from meguru.datasets.versions.branches import merge as dataset_merge
    from meguru.datasets.versions.delete import delete_rows as dataset_delete_rows
    from meguru.datasets.versions.retention import prune as dataset_prune
    from meguru.datasets.versions.tags import rollback as dataset_rollback
    from meguru.datasets.versions.tags import tag as dataset_tag
    from meguru.datasets.versions.tags import tags as dataset_tags
    from meguru.datasets.versions.tags import untag as dataset_untag
    from meguru.evidence.export import export as evidence_export
    from meguru.features.materialization.freshness import freshness as feature_view_freshness
    from meguru.features.materialization.start import cancel as materialization_cancel
    from meguru.features.materialization.start import list_materializations as materialization_list
    from meguru.features.materialization.start import show as materialization_show
    from meguru.features.materialization.start import start as materialization_start
    from meguru.features.online.answer import get as feature_view_get
    from meguru.features.operations import entity_specs as _meguru_features_operations_entity_specs
    from meguru.features.operations import service_specs as _meguru_features_operations_service_specs
    from meguru.features.operations import view_specs as _meguru_features_operations_view_specs
    from meguru.features.pinning import choose_service as feature_service_choose
    from meguru.features.pinning import choose_views as feature_view_choose
    from meguru.features.pinning import tags_of as feature_view_tags
    from meguru.features.push.push import push as feature_view_push
    from meguru.features.record import record_rows as feature_view_record_rows
    from meguru.features.record import view_rows as feature_view_rows
    from meguru.features.register import keep_code as feature_view_keep_code
    from meguru.features.show import diff_views as feature_view_diff
    from meguru.features.show import impact_of as feature_view_impact
    from meguru.features.show import list_entities as entity_list
    from meguru.features.show import list_services as feature_service_list
    from meguru.features.show import list_views as feature_view_list
    from meguru.features.show import service_versions as feature_service_versions
    from meguru.features.show import show_entity as entity_show
    from meguru.features.show import show_service as feature_service_show
    from meguru.features.show import show_view as feature_view_show
    from meguru.features.show import view_versions as feature_view_versions
    from meguru.features.show_profile import view_profiles as feature_view_profiles
    from meguru.governance.checklists.answer import answer as checklist_answer
    from meguru.governance.checklists.operations import specs as _meguru_governance_checklists_operations_specs
    from meguru.governance.checklists.show import list_checklists as checklist_list
    from meguru.governance.checklists.show import list_templates as checklist_templates
    from meguru.governance.checklists.show import standing as checklist_standing
    from meguru.governance.code_policy.attest import attest as policy_attest
    from meguru.governance.code_policy.attest import attested as policy_attested
    from meguru.governance.code_policy.operations import specs as _meguru_governance_code_policy_operations_specs
    from meguru.governance.grants.operations import specs as _meguru_governance_grants_operations_specs
    from meguru.governance.grants.show import list_grants as grant_list
    from meguru.governance.groups.operations import specs as _meguru_governance_groups_operations_specs
    from meguru.governance.groups.show import list_groups as group_list
    from meguru.governance.logins.device import answer_login as token_answer_login
    from meguru.governance.logins.device import asked_login as token_asked_login
    from meguru.governance.operations import specs as _meguru_governance_operations_specs
    from meguru.governance.principals import create_principal as principal_create
    from meguru.governance.principals import list_principals as principal_list
    from meguru.governance.principals import set_role as principal_set_role
    from meguru.governance.projects.members import grant as project_grant
    from meguru.governance.projects.members import list_members as project_members
    from meguru.governance.projects.members import list_projects as project_list
    from meguru.governance.projects.members import revoke as project_revoke
    from meguru.governance.projects.operations import specs as _meguru_governance_projects_operations_specs
    from meguru.governance.release_policies.operations import specs as _meguru_governance_release_policies_operations_specs
    from meguru.governance.release_policies.show import list_policies as release_policy_list
    from meguru.governance.roles.operations import specs as _meguru_governance_roles_operations_specs
    from meguru.governance.roles.show import list_roles as role_list
    from meguru.governance.sign_in.operations import specs as _meguru_governance_sign_in_operations_specs
    from meguru.governance.signing_keys.people import add as signing_key_add
    from meguru.governance.signing_keys.people import list_keys as signing_key_list
    from meguru.governance.signing_keys.people import revoke as signing_key_revoke
    from meguru.governance.signing_keys.people import show as signing_key_show
    from meguru.governance.signing_keys.server import rotate as signing_key_rotate
    from meguru.governance.tokens import create_token as token_create
    from meguru.governance.tokens import list_tokens as token_list
    from meguru.governance.tokens import revoke_token as token_revoke
    from meguru.governance.trusts.operations import specs as _meguru_governance_trusts_operations_specs
    from meguru.governance.waivers.decide import deny as waiver_deny
    from meguru.governance.waivers.decide import grant as waiver_grant
    from meguru.governance.waivers.request import request as waiver_request
    from meguru.governance.waivers.revoke import revoke as waiver_revoke
    from meguru.governance.waivers.show import list_waivers as waiver_list
    from meguru.governance.waivers.show import show as waiver_show
    from meguru.governance.whoami import whoami as principal_whoami
    from meguru.judgements.join import join as feedback_join
    from meguru.judgements.record import add as feedback_add
    from meguru.judgements.record import record as feedback_record
    from meguru.judgements.show import list_feedback as feedback_list
    from meguru.labelling.label import decide as labelling_decide
    from meguru.labelling.label import disputes as labelling_disputes
    from meguru.labelling.label import label as labelling_label
    from meguru.labelling.label import list_samples as labelling_list
    from meguru.labelling.label import next_item as labelling_next
    from meguru.labelling.sample import sample as labelling_sample
    from meguru.mlflow.exchange.import_registry import import_logged_model as mlflow_bring_logged_model
    from meguru.mlflow.exchange.import_registry import import_registered_model as mlflow_bring_registered_model
    from meguru.mlflow.exchange.import_registry import logged_model_files as mlflow_logged_model_files
    from meguru.mlflow.exchange.import_tracking import import_experiment as mlflow_bring_experiment
    from meguru.mlflow.exchange.import_tracking import import_run as mlflow_bring_run
    from meguru.monitoring.create import create as monitor_create
    from meguru.monitoring.drift_history import drift_history as monitor_drift
    from meguru.monitoring.operations import specs as _meguru_monitoring_operations_specs
    from meguru.monitoring.replay import replay as monitor_replay
    from meguru.monitoring.run import run as monitor_run
    from meguru.monitoring.show import list_monitors as monitor_list
    from meguru.monitoring.show import list_reports as report_list
    from meguru.monitoring.show import show as monitor_show
    from meguru.monitoring.show import show_report as report_show
    from meguru.pipelines.approvals.decide import decide as approval_decide
    from meguru.pipelines.approvals.decide import list_approvals as approval_list
    from meguru.pipelines.cancel import cancel as pipeline_run_cancel
    from meguru.pipelines.components.catalogue import list_components as component_list
    from meguru.pipelines.components.catalogue import show_component as component_show
    from meguru.pipelines.components.impact import impact as component_impact
    from meguru.pipelines.deployments.deploy import deploy as pipeline_deploy
    from meguru.pipelines.deployments.deploy import rollback as pipeline_rollback
    from meguru.pipelines.deployments.show import pipeline_deployments as pipeline_deployments
    from meguru.pipelines.determinism.check import check as step_run_check
    from meguru.pipelines.determinism.check import check_result as step_run_check_result
    from meguru.pipelines.explain import explain as step_run_explain
    from meguru.pipelines.explain import explain_run as pipeline_run_explain
    from meguru.pipelines.logs.read import read_log as step_run_log
    from meguru.pipelines.logs.search import search_logs as step_log_search
    from meguru.pipelines.operations import specs as _meguru_pipelines_operations_specs
    from meguru.pipelines.pause import pause as pipeline_run_pause
    from meguru.pipelines.pause import resume as pipeline_run_resume
    from meguru.pipelines.pools.operations import list_pools as pool_list
    from meguru.pipelines.pools.operations import remove_pool as pool_remove
    from meguru.pipelines.pools.operations import set_pool as pool_set
    from meguru.pipelines.pools.operations import specs as _meguru_pipelines_pools_operations_specs
    from meguru.pipelines.register import register as pipeline_register
    from meguru.pipelines.retry import retry as pipeline_run_retry
    from meguru.pipelines.show import list_pipelines as pipeline_list
    from meguru.pipelines.show import list_runs as pipeline_run_list
    from meguru.pipelines.show import pipeline_versions as pipeline_versions
    from meguru.pipelines.show import show_pipeline as pipeline_show
    from meguru.pipelines.show import show_run as pipeline_run_show
    from meguru.pipelines.start import start as pipeline_run_start
    from meguru.predictions.exclude import exclude as outcome_exclude
    from meguru.predictions.exclude import readmit as outcome_readmit
    from meguru.predictions.listing import list_predictions as prediction_list
    from meguru.predictions.record import add as outcome_add
    from meguru.predictions.record import record as outcome_record
    from meguru.predictions.show import show as prediction_show
    from meguru.predictions.unmatched import forget as outcome_forget
    from meguru.predictions.unmatched import join as outcome_join
    from meguru.predictions.unmatched import waiting as outcome_waiting
    from meguru.predictions.window import window as prediction_window
    from meguru.quarantine.accept import accept as quarantine_accept
    from meguru.quarantine.add import add as quarantine_add
    from meguru.quarantine.convert import convert as quarantine_convert
    from meguru.quarantine.refuse import refuse as quarantine_refuse
    from meguru.quarantine.show import list_quarantined as quarantine_list
    from meguru.quarantine.show import show as quarantine_show
    from meguru.registry.alias import alias as model_alias
    from meguru.registry.best import best as model_best
    from meguru.registry.compare import compare as model_compare
    from meguru.registry.fairness import fairness as model_fairness
    from meguru.registry.group_tallies import count_groups as model_count_groups
    from meguru.registry.measures import measures as model_measures
    from meguru.registry.operations import specs as _meguru_registry_operations_specs
    from meguru.registry.register import register as model_register
    from meguru.registry.show import about as model_about
    from meguru.registry.show import alias_history as model_alias_history
    from meguru.registry.show import aliases as model_aliases
    from meguru.registry.show import list_models as model_list
    from meguru.registry.show import newest as model_newest
    from meguru.registry.show import show as model_show
    from meguru.registry.show import versions as model_versions
    from meguru.registry.signatures.sign import add_signature as model_add_signature
    from meguru.registry.signatures.sign import sign as model_sign
    from meguru.registry.signatures.sign import signatures as model_signatures
    from meguru.registry.slices import slices as model_slices
    from meguru.registry.stages import stage as model_stage
    from meguru.registry.usage import uses as model_uses
    from meguru.releases.acknowledge import acknowledge as release_acknowledge
    from meguru.releases.check import check as release_check
    from meguru.releases.create import create as release_create
    from meguru.releases.promote import promote as release_promote
    from meguru.releases.review.break_glass import break_glass as release_break_glass
    from meguru.releases.review.decisions import approve as release_approve
    from meguru.releases.review.decisions import refuse as release_refuse
    from meguru.releases.review.decisions import statement as release_statement
    from meguru.releases.review.decisions import withdraw as release_withdraw
    from meguru.releases.review.request import request as release_request
    from meguru.releases.review.show import awaiting as release_awaiting
    from meguru.releases.review.show import review as release_review
    from meguru.releases.rollback import rollback as release_rollback
    from meguru.releases.sending.missing import missing as release_missing
    from meguru.releases.sending.pack import pack as release_pack
    from meguru.releases.sending.receive import receive as release_receive
    from meguru.releases.show import diff as release_diff
    from meguru.releases.show import list_releases as release_list
    from meguru.releases.show import newest_releases as release_newest
    from meguru.releases.show import of_model as release_of_model
    from meguru.releases.show import show as release_show
    from meguru.serving.contracts.create import create as contract_create
    from meguru.serving.contracts.prefer import prefer as contract_prefer
    from meguru.serving.contracts.retire import retire as contract_retire
    from meguru.serving.contracts.show import list_contracts as contract_list
    from meguru.serving.contracts.show import show as contract_show
    from meguru.serving.create import create as endpoint_create
    from meguru.serving.features.keep_parity import keep_parity as endpoint_keep_parity
    from meguru.serving.features.sample import sample_features as endpoint_served
    from meguru.serving.operations import specs as _meguru_serving_operations_specs
    from meguru.serving.replay import replay as prediction_replay
    from meguru.serving.shadow import shadow as endpoint_shadow
    from meguru.serving.show import list_endpoints as endpoint_list
    from meguru.serving.show import show as endpoint_show
    from meguru.serving.switch import switch as endpoint_switch
    from meguru.serving.traffic.show import traffic as endpoint_traffic
    from meguru.serving.value.show import value as endpoint_value
    from meguru.summaries.build import show as summary_show
    from meguru.summaries.operations import reports as _meguru_summaries_operations_reports
    from meguru.summaries.show import list_reports as scheduled_report_list
    from meguru.sweeps.show import best as sweep_best
    from meguru.sweeps.show import list_sweeps as sweep_list
    from meguru.sweeps.show import show as sweep_show
    from meguru.sweeps.show import trials as sweep_trials
    from meguru.sweeps.start import start as sweep_start
    from meguru.sweeps.stop import resume as sweep_resume
    from meguru.sweeps.stop import stop as sweep_stop
    from meguru.tracking.compare import compare as run_compare
    from meguru.tracking.edit import delete_run as run_delete
    from meguru.tracking.edit import note as run_note
    from meguru.tracking.edit import rename as run_rename
    from meguru.tracking.edit import restore as run_restore
    from meguru.tracking.edit import tag as run_tag
    from meguru.tracking.experiments.change import create_experiment as experiment_create
    from meguru.tracking.experiments.change import delete as experiment_delete
    from meguru.tracking.experiments.change import note as experiment_note
    from meguru.tracking.experiments.change import rename as experiment_rename
    from meguru.tracking.experiments.change import restore as experiment_restore
    from meguru.tracking.experiments.purge import purge as experiment_purge
    from meguru.tracking.find import search as run_search
    from meguru.tracking.heartbeat import beat as run_beat
    from meguru.tracking.heartbeat import sweep as run_sweep
    from meguru.tracking.runs import add_artifact as run_artifact
    from meguru.tracking.runs import finish as run_finish
    from meguru.tracking.runs import log as run_log
    from meguru.tracking.runs import start as run_start
    from meguru.tracking.show import artifacts as run_artifacts
    from meguru.tracking.show import chart as run_chart
    from meguru.tracking.show import charts as run_charts
    from meguru.tracking.show import count_points as run_counts
    from meguru.tracking.show import list_experiments as experiment_list
    from meguru.tracking.show import list_runs as run_list
    from meguru.tracking.show import metric as run_metric
    from meguru.tracking.show import show as run_show
    from meguru.tracking.show import show_experiment as experiment_show
    from meguru.triggers.arrivals.dead import dead_letter as trigger_dead_letter
    from meguru.triggers.arrivals.dead import dead_letters as trigger_dead_letters
    from meguru.triggers.arrivals.dead import drop_dead_letter as trigger_drop_dead_letter
    from meguru.triggers.arrivals.dead import retry_dead_letter as trigger_retry_dead_letter
    from meguru.triggers.arrivals.show import listener as trigger_listener
    from meguru.triggers.arrivals.show import listeners as trigger_listeners
    from meguru.triggers.create import create as trigger_create
    from meguru.triggers.create import pause as trigger_pause
    from meguru.triggers.create import resume as trigger_resume
    from meguru.triggers.dry_run import try_out as trigger_test
    from meguru.triggers.fire import fire as trigger_fire
    from meguru.triggers.operations import specs as _meguru_triggers_operations_specs
    from meguru.triggers.show import history as trigger_history
    from meguru.triggers.show import list_triggers as trigger_list
    from meguru.triggers.show import next_moments as trigger_next
    from meguru.triggers.show import settled as trigger_settled
    from meguru.triggers.show import show as trigger_show
    from meguru.webhooks.deliveries import deliveries as webhook_deliveries
    from meguru.webhooks.manage import create as webhook_create
    from meguru.webhooks.manage import delete as webhook_delete
    from meguru.webhooks.manage import update as webhook_update
    from meguru.webhooks.show import list_webhooks as webhook_list
    from meguru.webhooks.show import show as webhook_show
    from meguru.webhooks.show import try_out as webhook_test

    budget_declare = _meguru_costs_operations_budgets.declare
    budget_plan = _meguru_costs_operations_budgets.plan
    budget_retire = _meguru_costs_operations_budgets.retire
    budget_specs = _meguru_costs_operations_budgets.specs
    business_metric_declare = _meguru_business_operations_specs.declare
    business_metric_plan = _meguru_business_operations_specs.plan
    business_metric_retire = _meguru_business_operations_specs.retire
    business_metric_specs = _meguru_business_operations_specs.specs
    card_declare = _meguru_cards_operations_specs.declare
    card_plan = _meguru_cards_operations_specs.plan
    card_retire = _meguru_cards_operations_specs.retire
    card_specs = _meguru_cards_operations_specs.specs
    checklist_declare = _meguru_governance_checklists_operations_specs.declare
    checklist_plan = _meguru_governance_checklists_operations_specs.plan
    checklist_retire = _meguru_governance_checklists_operations_specs.retire
    checklist_specs = _meguru_governance_checklists_operations_specs.specs
    checkpoint_declare = _meguru_audit_checkpoints_operations_specs.declare
    checkpoint_plan = _meguru_audit_checkpoints_operations_specs.plan
    checkpoint_retire = _meguru_audit_checkpoints_operations_specs.retire
    checkpoint_specs = _meguru_audit_checkpoints_operations_specs.specs
    collection_declare = _meguru_collections_operations_specs.declare
    collection_plan = _meguru_collections_operations_specs.plan
    collection_retire = _meguru_collections_operations_specs.retire
    collection_specs = _meguru_collections_operations_specs.specs
    dataset_declare = _meguru_datasets_operations_specs.declare
    dataset_plan = _meguru_datasets_operations_specs.plan
    dataset_retire = _meguru_datasets_operations_specs.retire
    dataset_specs = _meguru_datasets_operations_specs.specs
    endpoint_declare = _meguru_serving_operations_specs.declare
    endpoint_plan = _meguru_serving_operations_specs.plan
    endpoint_retire = _meguru_serving_operations_specs.retire
    endpoint_specs = _meguru_serving_operations_specs.specs
    entity_declare = _meguru_features_operations_entity_specs.declare
    entity_plan = _meguru_features_operations_entity_specs.plan
    entity_retire = _meguru_features_operations_entity_specs.retire
    entity_specs = _meguru_features_operations_entity_specs.specs
    feature_service_declare = _meguru_features_operations_service_specs.declare
    feature_service_plan = _meguru_features_operations_service_specs.plan
    feature_service_retire = _meguru_features_operations_service_specs.retire
    feature_service_specs = _meguru_features_operations_service_specs.specs
    feature_view_declare = _meguru_features_operations_view_specs.declare
    feature_view_plan = _meguru_features_operations_view_specs.plan
    feature_view_retire = _meguru_features_operations_view_specs.retire
    feature_view_specs = _meguru_features_operations_view_specs.specs
    grant_declare = _meguru_governance_grants_operations_specs.declare
    grant_plan = _meguru_governance_grants_operations_specs.plan
    grant_retire = _meguru_governance_grants_operations_specs.retire
    grant_specs = _meguru_governance_grants_operations_specs.specs
    group_declare = _meguru_governance_groups_operations_specs.declare
    group_plan = _meguru_governance_groups_operations_specs.plan
    group_retire = _meguru_governance_groups_operations_specs.retire
    group_specs = _meguru_governance_groups_operations_specs.specs
    identity_provider_declare = _meguru_governance_sign_in_operations_specs.declare
    identity_provider_plan = _meguru_governance_sign_in_operations_specs.plan
    identity_provider_retire = _meguru_governance_sign_in_operations_specs.retire
    identity_provider_specs = _meguru_governance_sign_in_operations_specs.specs
    model_declare = _meguru_registry_operations_specs.declare
    model_plan = _meguru_registry_operations_specs.plan
    model_retire = _meguru_registry_operations_specs.retire
    model_specs = _meguru_registry_operations_specs.specs
    monitor_declare = _meguru_monitoring_operations_specs.declare
    monitor_plan = _meguru_monitoring_operations_specs.plan
    monitor_retire = _meguru_monitoring_operations_specs.retire
    monitor_specs = _meguru_monitoring_operations_specs.specs
    notification_declare = _meguru_alerts_notifications_operations_specs.declare
    notification_plan = _meguru_alerts_notifications_operations_specs.plan
    notification_retire = _meguru_alerts_notifications_operations_specs.retire
    notification_specs = _meguru_alerts_notifications_operations_specs.specs
    pipeline_declare = _meguru_pipelines_operations_specs.declare
    pipeline_plan = _meguru_pipelines_operations_specs.plan
    pipeline_retire = _meguru_pipelines_operations_specs.retire
    pipeline_specs = _meguru_pipelines_operations_specs.specs
    policy_declare = _meguru_governance_code_policy_operations_specs.declare
    policy_plan = _meguru_governance_code_policy_operations_specs.plan
    policy_retire = _meguru_governance_code_policy_operations_specs.retire
    policy_specs = _meguru_governance_code_policy_operations_specs.specs
    pool_declare = _meguru_pipelines_pools_operations_specs.declare
    pool_plan = _meguru_pipelines_pools_operations_specs.plan
    pool_retire = _meguru_pipelines_pools_operations_specs.retire
    pool_specs = _meguru_pipelines_pools_operations_specs.specs
    price_list_declare = _meguru_costs_operations_prices.declare
    price_list_plan = _meguru_costs_operations_prices.plan
    price_list_retire = _meguru_costs_operations_prices.retire
    price_list_specs = _meguru_costs_operations_prices.specs
    principal_declare = _meguru_governance_operations_specs.declare
    principal_plan = _meguru_governance_operations_specs.plan
    principal_retire = _meguru_governance_operations_specs.retire
    principal_specs = _meguru_governance_operations_specs.specs
    project_declare = _meguru_governance_projects_operations_specs.declare
    project_plan = _meguru_governance_projects_operations_specs.plan
    project_retire = _meguru_governance_projects_operations_specs.retire
    project_specs = _meguru_governance_projects_operations_specs.specs
    release_policy_declare = _meguru_governance_release_policies_operations_specs.declare
    release_policy_plan = _meguru_governance_release_policies_operations_specs.plan
    release_policy_retire = _meguru_governance_release_policies_operations_specs.retire
    release_policy_specs = _meguru_governance_release_policies_operations_specs.specs
    retention_declare = _meguru_artifacts_retention_operations_specs.declare
    retention_plan = _meguru_artifacts_retention_operations_specs.plan
    retention_retire = _meguru_artifacts_retention_operations_specs.retire
    retention_specs = _meguru_artifacts_retention_operations_specs.specs
    role_declare = _meguru_governance_roles_operations_specs.declare
    role_plan = _meguru_governance_roles_operations_specs.plan
    role_retire = _meguru_governance_roles_operations_specs.retire
    role_specs = _meguru_governance_roles_operations_specs.specs
    scheduled_report_declare = _meguru_summaries_operations_reports.declare
    scheduled_report_plan = _meguru_summaries_operations_reports.plan
    scheduled_report_retire = _meguru_summaries_operations_reports.retire
    scheduled_report_specs = _meguru_summaries_operations_reports.specs
    trigger_declare = _meguru_triggers_operations_specs.declare
    trigger_plan = _meguru_triggers_operations_specs.plan
    trigger_retire = _meguru_triggers_operations_specs.retire
    trigger_specs = _meguru_triggers_operations_specs.specs
    trust_declare = _meguru_governance_trusts_operations_specs.declare
    trust_plan = _meguru_governance_trusts_operations_specs.plan
    trust_retire = _meguru_governance_trusts_operations_specs.retire
    trust_specs = _meguru_governance_trusts_operations_specs.specs

_TABLE = Path(__file__).with_suffix(".json")


def __getattr__(name: str) -> LazyOperation:
    found = _by_attribute().get(name)
    if found is None:
        message = f"there is no operation {name!r}"
        raise AttributeError(message)
    return found


@lru_cache(maxsize=1)
def by_name() -> dict[str, LazyOperation]:
    """Return all of them by the operation's name, such as ``model.list``."""
    table = msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, OperationEntry])
    return {name: LazyOperation(name, entry) for name, entry in table.items()}


@lru_cache(maxsize=1)
def _by_attribute() -> dict[str, LazyOperation]:
    return {name.replace(".", "_"): one for name, one in by_name().items()}
