"""All operations of business metrics."""

from meguru.business import blobs
from meguru.business.create import create
from meguru.business.kind import BUSINESS_METRIC
from meguru.business.measure import measure
from meguru.business.show import list_metrics, show_metric
from meguru.kernel.declarations import operations_of

specs = operations_of(BUSINESS_METRIC)

__all__ = ["blobs", "create", "list_metrics", "measure", "show_metric", "specs"]
