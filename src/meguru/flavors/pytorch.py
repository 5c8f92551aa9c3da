"""PyTorch models: exported programs, and weights in safetensors for modules that are registered here.

An ``nn.Module`` is exported when it is saved, so that the file says by itself what is computed. A module of
a class that an installed package registers (entry points ``meguru.pytorch_module``) is stored as its weights
and options instead. Files of ``torch.save`` are pickles and are never read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.errors import MissingDependency
from meguru.flavors import mlmodel, model_files, network_outputs, network_tasks, pickles, pt2file, safetensors
from meguru.flavors.base import Matrix
from meguru.flavors.signature import Signature
from meguru.flavors.tensors import Feed, TensorSpec, feed_of
from meguru.flavors.torch_export import ending, exported
from meguru.tasks import RawAnswer, Task
from meguru.tasks.generic import Generic

if TYPE_CHECKING:
    import polars as pl

PROGRAM, WEIGHTS = "model.pt2", "model.safetensors"
_PACKAGES = ("numpy", "torch")


class PytorchFlavor:
    """The flavor of modules, of exported programs and of ``.pt2`` files."""

    name = "pytorch"
    tasks: ClassVar[frozenset[str]] = frozenset()  # a network does whatever its outputs say

    def can_save(self, model: Any) -> bool:
        """Say whether `model` is a module, an exported program, or the path of one."""
        if isinstance(model, Path):
            return model.suffix == ".pt2"
        torch = sys.modules.get("torch")
        # Looked up, not imported: to ask whether a scikit-learn model is one of PyTorch must not cost its
        # import.
        if torch is None or not hasattr(torch, "nn"):  # another thread is in the middle of importing it
            return False
        export = sys.modules.get("torch.export")
        return isinstance(model, torch.nn.Module) or (
            export is not None and isinstance(model, export.ExportedProgram)
        )

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task; of a program found from its last operator if none is said."""
        torch = _torch()
        if isinstance(model, torch.nn.Module):
            return network_tasks.of_module(said, *ending(model))
        where = _where(model)
        return _task(pt2file.Compiled(pt2file.read_program(_bytes(model), where), where), said)

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the model as ``model.pt2``, or as ``model.safetensors`` if its class is registered."""
        torch = _torch()
        options: dict[str, Any]
        registered = safetensors.registered(model)
        if registered:
            file, feed = WEIGHTS, safetensors.feed(model, signature)
            options = {"module": registered, "arguments": safetensors.arguments(model), "file": WEIGHTS}
            (folder / WEIGHTS).write_bytes(safetensors.dumps(model))
        else:
            if isinstance(model, torch.nn.Module):
                model = exported(model, signature)
            data = pt2file.cleaned(_bytes(model), _where(model))
            compiled = pt2file.Compiled(pt2file.read_program(data, _where(model)), _where(model))
            file, feed = PROGRAM, feed_of(compiled.inputs, signature)
            options = {"file": PROGRAM}
            (folder / PROGRAM).write_bytes(data)
        mlmodel.write_environment(folder, _PACKAGES)
        options |= {"code": None, "pytorch_version": str(torch.__version__)}
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options,
            signature=signature,
            task=task,
            takes=feed.takes,
            file=file,
        )

    def load(self, folder: Path) -> PytorchPredictor:
        """Load the model of a folder, after looking at all of its parts."""
        _torch()
        pickles.refuse_pickles(folder)
        description = mlmodel.read(folder, [self.name])
        path = model_files.named_file(folder, description.options.get("file", PROGRAM))
        data = model_files.read_bounded(path, pt2file.MAX_BYTES)
        if path.suffix == ".safetensors":
            compute: Any = safetensors.load(description.options, data, description.signature, str(path))
            task = network_tasks.of_module(description.task)
        else:
            compute = pt2file.Compiled(pt2file.read_program(data, str(path)), str(path))
            task = _task(compute, description.task)
        return PytorchPredictor(compute, feed_of(compute.inputs, description.signature), task)


class PytorchPredictor:
    """A loaded model."""

    def __init__(self, compute: Any, feed: Feed, task: Task) -> None:
        self.signature = msgspec.structs.replace(feed.signature, outputs=task.outputs())
        self.task, self.takes = task, feed.takes
        self._compute, self._feed = compute, feed
        names = list(compute.outputs)
        self._scores = (
            0 if isinstance(task, Generic) else names.index(network_outputs.scores_output(compute.outputs))
        )

    def predict(self, data: Matrix | pl.DataFrame) -> RawAnswer:
        """Return the raw answer for rows."""
        found = self._compute(self._feed.arrays(data))
        if isinstance(self.task, Generic):
            return network_outputs.by_output(found, self.task)
        return network_outputs.task_scores(found[self._scores], self.task)


def _task(compiled: Any, said: Task | None) -> Task:
    outputs: dict[str, TensorSpec | None] = dict(compiled.outputs)
    if isinstance(said, Generic):
        return network_tasks.generic(said, outputs)
    scores = network_outputs.scores_output(outputs)
    return network_tasks.find(said, outputs[scores], compiled.maker_of(scores))


def _bytes(model: Any) -> bytes:
    """Return the bytes of a program, or of a file that holds one."""
    if isinstance(model, Path):
        return model_files.read_bounded(model, pt2file.MAX_BYTES)
    import io

    import torch

    buffer = io.BytesIO()
    torch.export.save(model, buffer)
    return buffer.getvalue()


def _where(model: Any) -> str:
    return str(model) if isinstance(model, Path) else ""


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        missing = "this needs the package 'torch', which is not installed"
        hint = "pip install torch (a build for your machine: pytorch.org says which)"
        raise MissingDependency(missing, hint=hint) from error
    return torch
