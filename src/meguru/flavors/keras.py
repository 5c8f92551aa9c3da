"""Keras models in Keras's own format, run by the backend they were trained with."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.errors import InvalidInput, MissingDependency
from meguru.flavors import kerasfile, mlmodel, model_files, network_outputs, network_tasks, pickles
from meguru.flavors.base import Matrix
from meguru.flavors.signature import Signature
from meguru.flavors.tensors import Feed, TensorSpec, feed_of
from meguru.tasks import RawAnswer, Task
from meguru.tasks.generic import Generic

if TYPE_CHECKING:
    import polars as pl

FILE = "model.keras"
_PACKAGES = ("h5py", "keras", "numpy")
_BACKENDS = ("jax", "numpy", "openvino", "tensorflow", "torch")


class KerasFlavor:
    """The flavor of Keras's models and of ``.keras`` files."""

    name = "keras"
    tasks: ClassVar[frozenset[str]] = frozenset()  # a network does whatever its outputs say

    def can_save(self, model: Any) -> bool:
        """Say whether `model` is a Keras model, or the path of one."""
        if isinstance(model, Path):
            return model.suffix == ".keras"
        library = sys.modules.get("keras")
        return library is not None and isinstance(model, library.Model)

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task; found from the last activation if none is said."""
        return KerasNetwork(_loaded(model)).task(said)

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the model as ``model.keras``, without how it was trained."""
        keras = _keras(None)
        # Cleaned and loaded again before it is stored: what a server could not read is refused here, to its
        # author.
        data = kerasfile.cleaned(_bytes(model), _where(model))
        feed = feed_of(KerasNetwork(kerasfile.loads(data, _where(model))).inputs, signature)
        (folder / FILE).write_bytes(data)
        backend = str(keras.backend.backend())
        mlmodel.write_environment(folder, (*_PACKAGES, backend))
        options = {"backend": backend, "file": FILE, "keras_version": str(keras.__version__)}
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options,
            signature=signature,
            task=task,
            takes=feed.takes,
            file=FILE,
        )

    def load(self, folder: Path) -> KerasPredictor:
        """Load the model of a folder, after looking at all of its parts."""
        pickles.refuse_pickles(folder)
        description = mlmodel.read(folder, [self.name])
        _keras(str(description.options.get("backend", "")) or None)
        path = model_files.named_file(folder, description.options.get("file", FILE))
        network = KerasNetwork(
            kerasfile.loads(model_files.read_bounded(path, kerasfile.MAX_BYTES), str(path))
        )
        return KerasPredictor(
            network, feed_of(network.inputs, description.signature), network.task(description.task)
        )


class KerasNetwork:
    """A model of Keras, called with arrays by the names of its inputs."""

    def __init__(self, model: Any) -> None:
        import keras

        self._keras, self._model = keras, model
        self.inputs = tuple(_spec(each, each.name) for each in model.inputs)
        names = list(getattr(model, "output_names", [])) or ["output"]
        if len(names) != len(model.outputs):
            names = [f"output{place}" for place in range(len(model.outputs))]
        self.outputs: dict[str, TensorSpec | None] = {
            name: _spec(each, name) for name, each in zip(names, model.outputs, strict=True)
        }
        self._last = dict(zip(names, model.outputs, strict=True))

    def __call__(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the outputs for inputs by name, as arrays."""
        keras = self._keras
        flat = [keras.ops.convert_to_tensor(given[spec.name]) for spec in self.inputs]
        with _without_gradients(keras):
            # A model of several inputs may want them as a dict or in nested lists; they are packed as it was
            # built.
            packed = keras.tree.pack_sequence_as(self._model.input, flat) if len(flat) > 1 else flat[0]
            found = keras.tree.flatten(self._model(packed, training=False))
        on_torch = keras.backend.backend() == "torch"
        return [each.cpu().numpy() if on_torch else keras.ops.convert_to_numpy(each) for each in found]

    def task(self, said: Task | None) -> Task:
        """Return the task, with what the model tells of it."""
        if isinstance(said, Generic):
            return network_tasks.generic(said, self.outputs)
        scores = network_outputs.scores_output(self.outputs)
        return network_tasks.find(said, self.outputs[scores], self._activation(scores))

    def _activation(self, output: str) -> str:
        layer = self._last[output]._keras_history.operation  # noqa: SLF001 - no public way leads there
        activation = getattr(layer, "activation", None)
        return str(getattr(activation, "__name__", "")) or type(layer).__name__


class KerasPredictor:
    """A loaded model."""

    def __init__(self, network: KerasNetwork, feed: Feed, task: Task) -> None:
        self.signature = msgspec.structs.replace(feed.signature, outputs=task.outputs())
        self.task, self.takes = task, feed.takes
        self._network, self._feed = network, feed
        names = list(network.outputs)
        self._scores = (
            0 if isinstance(task, Generic) else names.index(network_outputs.scores_output(network.outputs))
        )

    def predict(self, data: Matrix | pl.DataFrame) -> RawAnswer:
        """Return the raw answer for rows."""
        found = self._network(self._feed.arrays(data))
        if isinstance(self.task, Generic):
            return network_outputs.by_output(found, self.task)
        return network_outputs.task_scores(found[self._scores], self.task)


def _spec(tensor: Any, name: str) -> TensorSpec:
    dtype = "object" if tensor.dtype == "string" else str(tensor.dtype)
    return TensorSpec(name=name, dtype=dtype, shape=tuple(tensor.shape))


def _without_gradients(keras: Any) -> Any:
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.inference_mode()


def _loaded(model: Any) -> Any:
    if isinstance(model, Path):
        _keras(None)
        return kerasfile.loads(model_files.read_bounded(model, kerasfile.MAX_BYTES), _where(model))
    return model


def _bytes(model: Any) -> bytes:
    """Return the bytes of a model, or of a file that holds one."""
    if isinstance(model, Path):
        return model_files.read_bounded(model, kerasfile.MAX_BYTES)
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / FILE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=DeprecationWarning)  # its own, of NumPy
            model.save(path)
        return path.read_bytes()


def _where(model: Any) -> str:
    return str(model) if isinstance(model, Path) else ""


def _installed() -> str:
    """Return a backend that is installed; without one, that which Keras will ask for."""
    return next((name for name in ("torch", "jax") if find_spec(name)), "torch")  # as both are tested here


def _choose_backend(backend: str) -> None:
    """Set the backend that Keras takes when it is imported, once for the life of the process.

    The name comes out of a model's folder. One that can't be imported would stay in the environment, and
    every later model of this process would fail by it, so it is refused before it is set.
    """
    if "KERAS_BACKEND" in os.environ:
        return
    if backend not in _BACKENDS:
        why = f"Keras runs on {', '.join(_BACKENDS)}"
        raise InvalidInput(f"the model runs with Keras on {backend[:40]!r}, none of its backends", why=why)
    if find_spec(backend) is None:
        raise MissingDependency.of("keras", backend)
    os.environ["KERAS_BACKEND"] = backend


def _keras(backend: str | None) -> Any:
    """Import Keras, with the backend that a model was trained with.

    Raises
    ------
    InvalidInput
        When the process runs Keras with another backend already: float sums would differ.
    """
    if "keras" not in sys.modules:
        _choose_backend(backend or _installed())
    try:
        import keras
    except ImportError as error:
        raise MissingDependency.of("keras", str(error.name)) from error
    runs = str(keras.backend.backend())
    if backend and runs != backend:
        raise InvalidInput(
            f"the model runs with Keras on {backend}",
            why=f"this process runs Keras on {runs}, which adds in another order",
            hint=f"set KERAS_BACKEND={backend}, or save the model with the other backend",
        )
    return keras
