"""ONNX models of a few operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def dense(
    weights: Array, bias: Array, *, output: str = "scores", activation: str = "Sigmoid", rows: Any = "rows"
) -> Any:
    """Return a model of one layer; `weights` has the shape (inputs, outputs)."""
    from onnx import helper, numpy_helper

    initializers = [
        numpy_helper.from_array(np.asarray(weights, dtype=np.float32), "w"),
        numpy_helper.from_array(np.asarray(bias, dtype=np.float32), "b"),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["z"]),
        helper.make_node(activation, ["z"], [output]),
    ]
    shape = [rows, weights.shape[0]], [rows, weights.shape[1]]
    return graph(nodes, {"x": shape[0]}, {output: shape[1]}, initializers)


def graph(
    nodes: Sequence[Any],
    inputs: dict[str, Sequence[Any]],
    outputs: dict[str, Sequence[Any]],
    initializers: Sequence[Any] = (),
    *,
    dtypes: dict[str, int] | None = None,
    domains: Sequence[str] = (),
) -> Any:
    """Return a model of nodes; float32 where `dtypes` does not say otherwise."""
    from onnx import TensorProto, helper

    said = dtypes or {}
    given, wanted = (
        [
            helper.make_tensor_value_info(name, said.get(name, TensorProto.FLOAT), shape)
            for name, shape in of.items()
        ]
        for of in (inputs, outputs)
    )
    made = helper.make_graph(list(nodes), "net", given, wanted, initializer=list(initializers))
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


def logistic(features: Array, labels: Array, steps: int = 200) -> Any:
    """Train a logistic regression by gradient descent, and return it as ONNX."""
    weights, bias = np.zeros((features.shape[1], 1)), np.zeros(1)
    truth = np.asarray(labels, dtype=np.float64).reshape(-1, 1)
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(features @ weights + bias))) - truth
        weights -= features.T @ error / len(features)
        bias -= error.mean(axis=0)
    return dense(weights, bias)
