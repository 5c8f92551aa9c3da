"""Online stores: the family, and the one of a workspace."""

from meguru.features.online.base import OnlineRow, OnlineStore
from meguru.features.online.stores import STORES, online_of, open_online

__all__ = ["STORES", "OnlineRow", "OnlineStore", "online_of", "open_online"]
