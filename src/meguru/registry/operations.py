"""Every operation of the model registry; importing this registers them."""

from meguru.kernel.declarations import SpecOperations, operations_of
from meguru.registry import blobs
from meguru.registry.alias import alias
from meguru.registry.best import best
from meguru.registry.compare import compare
from meguru.registry.fairness import fairness
from meguru.registry.group_tallies import count_groups
from meguru.registry.kind import MODEL
from meguru.registry.measures import measures
from meguru.registry.register import register
from meguru.registry.show import about, alias_history, aliases, list_models, show, versions
from meguru.registry.signatures.sign import add_signature, sign, signatures
from meguru.registry.slices import slices
from meguru.registry.stages import stage
from meguru.registry.usage import uses

specs: SpecOperations = operations_of(MODEL)

__all__ = [
    "about",
    "add_signature",
    "alias",
    "alias_history",
    "aliases",
    "best",
    "blobs",
    "compare",
    "count_groups",
    "fairness",
    "list_models",
    "measures",
    "register",
    "show",
    "sign",
    "signatures",
    "slices",
    "specs",
    "stage",
    "uses",
    "versions",
]
