"""All operations of materializations."""

from meguru.features.materialization import blobs
from meguru.features.materialization.freshness import freshness
from meguru.features.materialization.start import cancel, list_materializations, show, start

__all__ = ["blobs", "cancel", "freshness", "list_materializations", "show", "start"]
