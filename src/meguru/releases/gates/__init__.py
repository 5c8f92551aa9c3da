"""What a release must pass: the family of gates."""

from meguru.base.plugins import PluginFamily
from meguru.releases.gates.base import Gate, GateTrial, TrialSide

GATES = PluginFamily(
    "gate",
    {
        "champion": "meguru.releases.gates.champion:Champion",
        "golden_answers": "meguru.releases.gates.golden_answers:GoldenAnswers",
        "checklist": "meguru.releases.gates.checklist:ChecklistGate",
        "group_fairness": "meguru.releases.gates.group_fairness:GroupFairnessGate",
        "invariance": "meguru.releases.gates.invariance:InvarianceGate",
        "latency": "meguru.releases.gates.latency:Latency",
        "loads": "meguru.releases.gates.loads:Loads",
        "metamorphic": "meguru.releases.gates.metamorphic:MetamorphicGate",
        "metric": "meguru.releases.gates.metric:MetricGate",
        "signed": "meguru.releases.gates.signed:Signed",
        "size": "meguru.releases.gates.size:ModelSize",
    },
)

__all__ = ["GATES", "Gate", "GateTrial", "TrialSide"]
