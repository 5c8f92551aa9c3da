"""Exported programs of PyTorch (``.pt2``), read by a reader of our own.

PyTorch's own reader unpickles the example inputs, evaluates sizes as Python and finds operators by any dotted
name. Ours takes the graph's JSON and the weights' bytes, and calls operators of a list, one after the other:
the same kernels in the same order, so that the answers are PyTorch's, bit for bit.
"""

from __future__ import annotations

from meguru.flavors.pt2file.clean import cleaned
from meguru.flavors.pt2file.program import Program, read_program
from meguru.flavors.pt2file.run import Compiled

__all__ = ["MAX_BYTES", "Compiled", "Program", "cleaned", "read_program"]

MAX_BYTES = 4 << 30
