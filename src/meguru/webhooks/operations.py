"""Every operation of webhooks; importing this registers them."""

from meguru.webhooks.manage import create, delete, update
from meguru.webhooks.show import list_webhooks, show, try_out

__all__ = ["create", "delete", "list_webhooks", "show", "try_out", "update"]
