"""A small language that says how one column comes from others: arithmetic, comparisons and a few functions.

An expression is read by an allow-list of Python's syntax and becomes functions over whole columns; nothing of
it is ever run as Python. What it can cost is bounded by its length and by the number of rows.
"""

from meguru.serving.expressions.compile import compile_expression
from meguru.serving.expressions.typed import TypedExpression

__all__ = ["TypedExpression", "compile_expression"]
