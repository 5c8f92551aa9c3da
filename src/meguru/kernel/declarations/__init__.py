"""Specs: what people declare and may change, apart from what happened to it.

`declare` creates, updates or does nothing, and says which; `compare` says what it would do, without writing;
`retire` takes a thing out of use and keeps its history. Every spec that ever held is kept. A kind takes part
by its `spec` and `spec_store`; `operations_of` makes its four operations.
"""

from meguru.kernel.declarations.declare import (
    compare,
    compare_with,
    declare,
    history,
    newest_numbers,
    present_specs,
    record,
    retire,
    store_of,
)
from meguru.kernel.declarations.operations import SpecOperations, operations_of
from meguru.kernel.declarations.types import Change, Declared, FieldChange, SpecStore, SpecVersion, StillNamed

__all__ = [
    "Change",
    "Declared",
    "FieldChange",
    "SpecOperations",
    "SpecStore",
    "SpecVersion",
    "StillNamed",
    "compare",
    "compare_with",
    "declare",
    "history",
    "newest_numbers",
    "operations_of",
    "present_specs",
    "record",
    "retire",
    "store_of",
]
