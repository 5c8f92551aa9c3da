"""All operations of features."""

from meguru.features import blobs
from meguru.features.kind import ENTITY, FEATURE_SERVICE, FEATURE_VIEW
from meguru.features.pinning import choose_service, choose_views, tags_of
from meguru.features.record import record_rows, view_rows
from meguru.features.register import keep_code
from meguru.features.show import (
    diff_views,
    impact_of,
    list_entities,
    list_services,
    list_views,
    service_versions,
    show_entity,
    show_service,
    show_view,
    view_versions,
)
from meguru.features.show_profile import view_profiles
from meguru.kernel.declarations import operations_of

entity_specs = operations_of(ENTITY)
view_specs = operations_of(FEATURE_VIEW)
service_specs = operations_of(FEATURE_SERVICE)

__all__ = [
    "blobs",
    "choose_service",
    "choose_views",
    "diff_views",
    "entity_specs",
    "impact_of",
    "keep_code",
    "list_entities",
    "list_services",
    "list_views",
    "record_rows",
    "service_specs",
    "service_versions",
    "show_entity",
    "show_service",
    "show_view",
    "tags_of",
    "view_profiles",
    "view_rows",
    "view_specs",
    "view_versions",
]
