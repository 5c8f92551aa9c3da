"""What a network is asked to do: said by its author, or read off its last step and its output's width."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.tensors import TensorSpec
from meguru.tasks import ModelOutput, OutputType, Task, task_of
from meguru.tasks.generic import Generic
from meguru.tasks.multiclass import Multiclass
from meguru.tasks.multilabel import Multilabel
from meguru.tasks.multioutput import Multioutput

_TYPES = {"f": "double", "i": "long", "u": "long", "b": "boolean", "O": "string"}


def find(said: Task | None, scores: TensorSpec | None, last: str) -> Task:
    """Return the task of a network with one output that counts.

    Parameters
    ----------
    said
        What its author says; classes and targets that are not said are counted off its output.
    scores
        The output; None where it is no tensor.
    last
        The step that makes it, such as ``sigmoid`` or ``softmax``: it tells the task where none is said.

    Raises
    ------
    InvalidInput
        When it can't be told.
    """
    width = _width(scores)
    if said is None:
        return _task_of_last_step(last.lower(), width)
    if isinstance(said, Multiclass) and not said.classes:
        classes = range(_known(width, "task.classes"))
        return task_of({"task": said.key, "classes": list(classes)})
    if isinstance(said, Multilabel) and not said.classes:
        return msgspec.structs.replace(said, classes=tuple(range(_known(width, "task.classes"))))
    if isinstance(said, Multioutput) and not said.targets:
        targets = tuple(f"y{place}" for place in range(_known(width, "task.targets")))
        return msgspec.structs.replace(said, targets=targets)
    return said


def of_module(said: Task | None, last: str = "", width: int | None = None) -> Task:
    """Return the task of a module whose code need not tell how it ends.

    Raises
    ------
    InvalidInput
        When it is not said, or without its classes or targets.
    """
    if isinstance(said, Generic) and not said.outputs_:
        raise InvalidInput("the module does not tell its outputs", field="task.outputs", hint="say them")
    scores = TensorSpec(name="scores", dtype="float32", shape=(None, width)) if width else None
    return find(said, scores, last)


def generic(said: Generic, outputs: Mapping[str, TensorSpec | None]) -> Generic:
    """Return a generic task with the outputs of a network, if its author says none.

    Raises
    ------
    InvalidInput
        When more or fewer are said than it has.
    """
    if not said.outputs_:
        return Generic(outputs_=tuple(_output(name, spec) for name, spec in outputs.items()))
    if len(said.outputs_) != len(outputs):
        why = f"it gives {', '.join(list(outputs)[:6])}"
        raise InvalidInput("the network has another number of outputs", field="task.outputs", why=why)
    return said


def _task_of_last_step(last: str, width: int | None) -> Task:
    if last == "sigmoid" and width == 1:
        return task_of("binary")
    # Two probabilities that add up to 1 are one score.
    if last == "softmax" and width == 2:
        return task_of("binary")
    if last in {"sigmoid", "softmax"} and width:
        kind = Multilabel if last == "sigmoid" else Multiclass
        return kind(classes=tuple(range(width)))
    raise InvalidInput(
        "the network does not tell what it does",
        field="task",
        why="its last step is neither a sigmoid nor a softmax",
        hint="say it: Model(…, task='regression'), or metadata={'task': 'regression'} in MLflow",
    )


def _width(scores: TensorSpec | None) -> int | None:
    if scores is None or len(scores.shape) > 2:
        return None
    return scores.shape[1] if len(scores.shape) == 2 else 1


def _known(width: int | None, field: str) -> int:
    if width is None:
        raise InvalidInput(
            "the network does not tell how many values it gives for a row",
            field=field,
            hint="say them: task={'task': 'multiclass', 'classes': [...]}",
        )
    return width


def _output(name: str, spec: TensorSpec | None) -> ModelOutput:
    if spec is None:
        return ModelOutput(name=name, type=OutputType.ANY)
    kind = OutputType(_TYPES[np.dtype(spec.dtype).kind])
    return ModelOutput(
        name=name, type=kind, shape=tuple(-1 if size is None else size for size in spec.shape[1:])
    )
