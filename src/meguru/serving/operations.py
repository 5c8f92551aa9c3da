"""All operations of endpoints."""

from meguru.kernel.declarations import operations_of
from meguru.serving.create import create
from meguru.serving.features.keep_parity import keep_parity
from meguru.serving.features.sample import sample_features
from meguru.serving.kind import ENDPOINT
from meguru.serving.replay import replay
from meguru.serving.shadow import shadow
from meguru.serving.show import list_endpoints, show
from meguru.serving.switch import switch
from meguru.serving.traffic.show import traffic
from meguru.serving.value.show import value

specs = operations_of(ENDPOINT)

__all__ = [
    "create",
    "keep_parity",
    "list_endpoints",
    "replay",
    "sample_features",
    "shadow",
    "show",
    "specs",
    "switch",
    "traffic",
    "value",
]
