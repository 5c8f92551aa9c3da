"""All operations of contracts."""

from meguru.serving.contracts.create import create
from meguru.serving.contracts.prefer import prefer
from meguru.serving.contracts.retire import retire
from meguru.serving.contracts.show import list_contracts, show

__all__ = ["create", "list_contracts", "prefer", "retire", "show"]
