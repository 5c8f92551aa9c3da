"""One small language for columns of requests, costs of predictions and filters of triggers.

Arithmetic, comparisons, conditions, a choice and a few functions. A text is read by an allow-list of Python's
syntax, bounded in length and parts (`read`), and nothing of it is ever run as Python. Who uses it says what a
name stands for: a typed column, an array of numbers, or (`PlainExpression`) a value of a JSON object.
"""

from meguru.base.expressions.plain import PlainExpression
from meguru.base.expressions.read import no_function, read

__all__ = ["PlainExpression", "no_function", "read"]
