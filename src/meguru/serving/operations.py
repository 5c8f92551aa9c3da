"""All operations of endpoints."""

from meguru.kernel.declarations import operations_of
from meguru.serving.create import create
from meguru.serving.kind import ENDPOINT
from meguru.serving.replay import replay
from meguru.serving.shadow import shadow
from meguru.serving.show import list_endpoints, show
from meguru.serving.switch import switch

specs = operations_of(ENDPOINT)

__all__ = ["create", "list_endpoints", "replay", "shadow", "show", "specs", "switch"]
