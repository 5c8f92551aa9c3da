"""All operations of summaries and scheduled reports."""

from meguru.kernel.declarations import operations_of
from meguru.summaries.build import show
from meguru.summaries.kind import SCHEDULED_REPORT
from meguru.summaries.show import list_reports

reports = operations_of(SCHEDULED_REPORT)

__all__ = ["list_reports", "reports", "show"]
