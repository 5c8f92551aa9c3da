"""All operations of incidents."""

from meguru.alerts.incidents.begin import open_incident
from meguru.alerts.incidents.close import close, note
from meguru.alerts.incidents.show import list_incidents, show

__all__ = ["close", "list_incidents", "note", "open_incident", "show"]
