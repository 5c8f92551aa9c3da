"""Small models of Keras, on PyTorch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras reads it when it is imported, and only then
Array = np.ndarray[Any, Any]


def library() -> Any:
    """Return Keras on PyTorch; skip the test, or the whole file, where one of both is absent."""
    pytest.importorskip("torch")
    return pytest.importorskip("keras")


def logistic(features: Array, labels: Array, epochs: int = 3) -> Any:
    """Train a network of one hidden layer that ends in a sigmoid."""
    keras = library()
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            keras.Input((features.shape[1],)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
    model.fit(np.asarray(features, dtype=np.float32), labels, epochs=epochs, verbose=0, shuffle=False)
    return model
