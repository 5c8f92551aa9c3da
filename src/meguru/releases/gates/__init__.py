"""What a release must pass: the family of gates."""

from meguru.base.plugins import Table
from meguru.releases.gates.base import Gate, Side, Trial

GATES = Table(
    "gate",
    {
        "champion": "meguru.releases.gates.champion:Champion",
        "loads": "meguru.releases.gates.loads:Loads",
        "metric": "meguru.releases.gates.metric:Metric",
    },
)

__all__ = ["GATES", "Gate", "Side", "Trial"]
