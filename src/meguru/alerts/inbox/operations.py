"""All operations of subscriptions and inboxes."""

from meguru.alerts.inbox.show import configure, inbox, read
from meguru.alerts.inbox.subscribe import follow, list_subscriptions, unfollow

__all__ = ["configure", "follow", "inbox", "list_subscriptions", "read", "unfollow"]
