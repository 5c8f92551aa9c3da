"""All operations of materializations."""

from meguru.features.materialization import blobs
from meguru.features.materialization.start import cancel, list_materializations, show, start

__all__ = ["blobs", "cancel", "list_materializations", "show", "start"]
