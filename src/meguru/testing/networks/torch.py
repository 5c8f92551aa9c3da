"""Small modules of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def logistic(features: Array, labels: Array, steps: int = 100) -> Any:
    """Train a network of one hidden layer that ends in a sigmoid."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(features.shape[1], 8), nn.ReLU(inplace=True), nn.Dropout(0.1), nn.Linear(8, 1), nn.Sigmoid()
    )
    x = torch.tensor(features, dtype=torch.float32)
    y = torch.tensor(labels, dtype=torch.float32).reshape(-1, 1)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(module(x), y).backward()
        optimizer.step()
    return module


def __getattr__(name: str) -> Any:
    """Make the modules of this file when they are asked for: PyTorch may be absent."""
    if name != "Scaled":
        raise AttributeError(name)
    from torch import nn

    class Scaled(nn.Module):  # type: ignore[misc]
        """A sigmoid of one scaled layer; its options say how to make it again."""

        def __init__(self, *, width: int, scale: float) -> None:
            super().__init__()
            self.options = {"width": width, "scale": scale}
            self.dense = nn.Linear(width, 1)

        def forward(self, x: Any) -> Any:
            """Return probabilities of shape (rows, 1)."""
            return (self.dense(x) * self.options["scale"]).sigmoid()

    globals()[name] = Scaled
    return Scaled
