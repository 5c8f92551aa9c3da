"""Every operation of webhooks; importing this registers them."""

from meguru.webhooks.deliveries import deliveries
from meguru.webhooks.manage import create, delete, update
from meguru.webhooks.show import list_webhooks, show, try_out

__all__ = ["create", "delete", "deliveries", "list_webhooks", "show", "try_out", "update"]
