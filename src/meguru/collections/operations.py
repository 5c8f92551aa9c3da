"""All operations of collections."""

from meguru.collections import blobs
from meguru.collections.collect import collect
from meguru.collections.kind import COLLECTION
from meguru.collections.show import list_collections
from meguru.kernel.declarations import operations_of

specs = operations_of(COLLECTION)

__all__ = ["blobs", "collect", "list_collections", "specs"]
