"""ONNX models, run by ONNX Runtime on one thread, with bounded memory."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.errors import MissingDependency, is_our_fault
from meguru.flavors import mlmodel, model_files, network_outputs, network_tasks, onnxfile, pickles
from meguru.flavors.archives import malformed
from meguru.flavors.base import Matrix
from meguru.flavors.signature import Signature
from meguru.flavors.tensors import Feed, feed_of
from meguru.tasks import RawAnswer, Task
from meguru.tasks.generic import Generic

if TYPE_CHECKING:
    import polars as pl

FILE = "model.onnx"
MAX_MEMORY = 4 << 30
"""All that the models of one process compute at one time may take so many bytes."""
_PACKAGES = ("numpy", "onnx", "onnxruntime")
_arena = threading.Lock()
_made: list[bool] = []


class OnnxFlavor:
    """The flavor of ``onnx.ModelProto`` and of ``.onnx`` files."""

    name = "onnx"
    tasks: ClassVar[frozenset[str]] = frozenset()  # a network does whatever its outputs say

    def can_save(self, model: Any) -> bool:
        """Say whether `model` is an ONNX model, or the path of one."""
        if isinstance(model, Path):
            return model.suffix == ".onnx"
        library = sys.modules.get("onnx")
        return library is not None and isinstance(model, library.ModelProto)

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task; found from the operator that makes the scores if none is said."""
        return _task(*_checked(model), said)

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the model as ``model.onnx``, without names of people and tools in it."""
        clean, where = _checked(model)
        feed = feed_of(onnxfile.inputs_of(clean, where), signature)
        (folder / FILE).write_bytes(clean.SerializeToString(deterministic=True))
        mlmodel.write_environment(folder, _PACKAGES)
        options = {"code": None, "data": FILE, "onnx_version": _version(), "providers": [_CPU]}
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options,
            signature=signature,
            task=task,
            takes=feed.takes,
            file=FILE,
        )

    def load(self, folder: Path) -> OnnxPredictor:
        """Load the model of a folder, after looking at all of its parts."""
        pickles.refuse_pickles(folder)
        description = mlmodel.read(folder, [self.name])
        path = model_files.named_file(folder, description.options.get("data", FILE))
        clean = onnxfile.checked(model_files.read_bounded(path, onnxfile.MAX_BYTES), str(path))
        return self.predictor(
            clean, description.signature, _task(clean, str(path), description.task), str(path)
        )

    def predictor(self, clean: Any, signature: Signature, task: Task, where: str = "") -> OnnxPredictor:
        """Return the predictor of a model that was looked through."""
        feed = feed_of(onnxfile.inputs_of(clean, where), signature)
        outputs = onnxfile.outputs_of(clean, where)
        names = (
            list(outputs) if isinstance(task, Generic) else [network_outputs.scores_output(outputs, where)]
        )
        return OnnxPredictor(_session(clean, where), feed, task, names)


_CPU = "CPUExecutionProvider"


def _checked(model: Any) -> tuple[Any, str]:
    """Return a model that was looked through, and where it lies."""
    if isinstance(model, Path):
        return onnxfile.checked(model_files.read_bounded(model, onnxfile.MAX_BYTES), str(model)), str(model)
    return onnxfile.checked(model), ""


class OnnxPredictor:
    """A loaded model."""

    def __init__(self, session: Any, feed: Feed, task: Task, outputs: list[str]) -> None:
        self.signature = msgspec.structs.replace(feed.signature, outputs=task.outputs())
        self.task, self.takes = task, feed.takes
        self._session, self._feed, self._outputs = session, feed, outputs

    def predict(self, data: Matrix | pl.DataFrame) -> RawAnswer:
        """Return the raw answer for rows."""
        found = self._session.run(self._outputs, self._feed.arrays(data))
        if isinstance(self.task, Generic):
            return network_outputs.by_output(found, self.task)
        return network_outputs.task_scores(found[0], self.task)


def _task(clean: Any, where: str, said: Task | None) -> Task:
    outputs = onnxfile.outputs_of(clean, where)
    if isinstance(said, Generic):
        return network_tasks.generic(said, outputs)
    scores = network_outputs.scores_output(outputs, where)
    return network_tasks.find(said, outputs[scores], onnxfile.maker_of(clean, scores))


def _session(model: Any, where: str) -> Any:
    """Return a session over exactly the bytes that were looked at."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # All sessions compute in the one arena of the process, which is bounded; else each has an arena of its
    # own without a limit.
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    _bound_memory(onnxruntime)
    try:
        # What was checked is serialised anew: a file can hold fields twice, and two parsers take different
        # ones.
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[_CPU])
    except Exception as error:  # the runtime raises errors of its own kind, from C++
        if is_our_fault(error):
            raise
        raise malformed(where, f"{type(error).__name__}: {error}") from error


def _bound_memory(runtime: Any) -> None:
    """Bound what all sessions of the process compute in; the runtime takes this once."""
    with _arena:
        if not _made:
            kind, memory = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, runtime.OrtMemType.DEFAULT
            place = runtime.OrtMemoryInfo("Cpu", kind, 0, memory)
            runtime.create_and_register_allocator(place, runtime.OrtArenaCfg(MAX_MEMORY, -1, -1, -1))
            _made.append(True)


def _version() -> str:
    try:
        import onnx
        import onnxruntime  # noqa: F401 - a model that can't be asked is not stored
    except ImportError as error:
        raise MissingDependency.of("onnx", str(error.name)) from error
    return str(onnx.__version__)
