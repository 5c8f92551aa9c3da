"""All operations of endpoints."""

from meguru.serving.create import create
from meguru.serving.shadow import shadow
from meguru.serving.show import list_endpoints, show
from meguru.serving.switch import switch

__all__ = ["create", "list_endpoints", "shadow", "show", "switch"]
