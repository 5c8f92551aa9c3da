"""Every operation of checklists; importing this registers them."""

from meguru.governance.checklists.answer import answer
from meguru.governance.checklists.kind import CHECKLIST
from meguru.governance.checklists.show import list_checklists, list_templates, standing
from meguru.kernel.declarations import operations_of

specs = operations_of(CHECKLIST)

__all__ = ["answer", "list_checklists", "list_templates", "specs", "standing"]
