"""All operations of costs, price lists and budgets."""

from meguru.costs.kind import BUDGET, PRICE_LIST
from meguru.costs.show import list_budgets, report, show, show_budget
from meguru.kernel.declarations import operations_of

prices = operations_of(PRICE_LIST)
budgets = operations_of(BUDGET)

__all__ = ["budgets", "list_budgets", "prices", "report", "show", "show_budget"]
