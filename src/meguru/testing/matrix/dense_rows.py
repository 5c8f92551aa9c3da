"""A model of code for the matrix: one dense layer in NumPy, which its host imports."""

from __future__ import annotations

from typing import Any

import numpy as np


class DenseRows:
    """Answers as a network of one layer does; made with its weights as JSON values.

    Parameters
    ----------
    weights, bias
        Of shape (columns, width) and (width,).
    activation
        ``sigmoid``, ``softmax`` or ``linear``.
    name
        The output's name for a generic task, which answers by name; else empty.
    """

    def __init__(self, weights: list[list[float]], bias: list[float], activation: str, name: str) -> None:
        self.weights, self.bias = np.array(weights), np.array(bias)
        self.activation, self.name = activation, name

    def predict(self, rows: np.ndarray) -> Any:
        """Return the raw answer for rows of shape (rows, columns)."""
        found = rows @ self.weights + self.bias
        if self.activation == "sigmoid":
            found = 1 / (1 + np.exp(-found))
        if self.activation == "softmax":
            found = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
        found = found[:, 0] if found.shape[1] == 1 else found
        return {self.name: found} if self.name else found
