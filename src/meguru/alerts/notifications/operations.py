"""All operations of notifications."""

from meguru.alerts.notifications.kind import NOTIFICATION
from meguru.alerts.notifications.show import deliveries, list_notifications, show, try_out
from meguru.kernel.declarations import SpecOperations, operations_of

specs: SpecOperations = operations_of(NOTIFICATION)

__all__ = ["deliveries", "list_notifications", "show", "specs", "try_out"]
