"""All operations of cards."""

from meguru.cards.changelog import changelog
from meguru.cards.confirm import confirm, edit
from meguru.cards.diff import diff
from meguru.cards.export import export
from meguru.cards.kind import CARD
from meguru.cards.show import history, list_cards, show
from meguru.cards.snapshots import write
from meguru.kernel.declarations import SpecOperations, operations_of

specs: SpecOperations = operations_of(CARD)

__all__ = [
    "changelog",
    "confirm",
    "diff",
    "edit",
    "export",
    "history",
    "list_cards",
    "show",
    "specs",
    "write",
]
