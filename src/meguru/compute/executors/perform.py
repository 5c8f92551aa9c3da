"""What a step's process does: import the step, read its inputs, call it, write its outputs."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import typing
from importlib import import_module
from pathlib import Path
from types import GenericAlias
from typing import Any, cast

import msgspec

from meguru.base import digests, parents
from meguru.base.settings import project_of_thread
from meguru.compute import materializers, snapshot, step_metrics
from meguru.compute.code import SourceFile
from meguru.compute.dataset_param import Dataset
from meguru.compute.executors import environments, failures, files
from meguru.compute.executors.work import (
    Argument,
    DatasetArgument,
    Failure,
    FeaturesArgument,
    ListArgument,
    PlainArgument,
    StepArgument,
    StepJob,
    StepOutcome,
)
from meguru.compute.features_param import Features
from meguru.compute.inherited import variables, watch
from meguru.compute.matching import item_type, output_types
from meguru.compute.materializers import Value, ValueStore
from meguru.compute.materializers.items import ITEMS
from meguru.compute.materializers.limit import Limited
from meguru.compute.materializers.unstorable import KeptObject, keep_unstorable, would_fail_again
from meguru.compute.meters import ProcessMeter
from meguru.compute.plain import from_plain
from meguru.compute.reads import native
from meguru.compute.reads.recording import NoRecorder, ReadRecorder, recording_reads
from meguru.compute.step_marker import MarkedStep
from meguru.errors import InvalidInput, MeguruError
from meguru.storage.blobs import BlobStore, open_store
from meguru.storage.blobs.deferred import DeferredStore
from meguru.storage.blobs.local import LocalStore

_TYPED = {"annotated", "items", "nested"}
"""Kinds of values that can be read only with the annotation of the step that made them."""
_LOCK = "MEGURU_STEP_LOCK"


def warm_up() -> None:
    """Do a step that does nothing and leaves nothing.

    In the fork server it loads what every step needs. In a child that waits for its step it makes the pages
    that every step writes to the child's own, ahead of time.
    """
    materializers.choose.added()
    native.note_readers()
    watch.libraries()
    job = msgspec.convert(json.loads(msgspec.json.encode(_NOTHING)), StepJob)
    snapshot.finder_of(Path(job.folder), job.sources)
    open_store(job.folder)
    msgspec.json.encode(carry_out(job, ValueStore(cast("BlobStore", _Nowhere()), Path(job.folder))))


def _nothing(x: int) -> int:
    return x


_NOTHING = StepJob(
    function=f"{__name__}:_nothing",
    arguments={"x": PlainArgument(value=0)},
    many_outputs=False,
    folder="/nowhere",
    sources=[SourceFile(module="nothing", path="nothing.py", digest="")],
    blobs="/nowhere",
    scratch="/nowhere",
    seed=0,
)


class _Nowhere:
    """Takes the output of a rehearsal."""

    def put_bytes(self, data: bytes) -> str:
        """Keep nothing."""
        return digests.of_bytes(data)


def main(job: dict[str, Any], result: str) -> int:
    """Do one step; write its outcome, whole or not at all, to the file `result`."""
    step = msgspec.convert(job, StepJob)
    files.limit(step.max_file)
    if step.cpu:
        _limit_threads(max(1, int(step.cpu)))
    base = os.getcwd()  # noqa: PTH109 - a path as text
    with (
        step_metrics.writing_to(Path(step.scratch), whole_process=True),
        recording_reads(step, base, alone=True) as read,
    ):
        outcome = perform(step, read)
    try:
        data = msgspec.json.encode(outcome)
    except (TypeError, ValueError) as error:  # such as the name of a file that is no UTF-8
        outcome = StepOutcome(failure=describe(error, step), used=outcome.used)
        data = msgspec.json.encode(outcome)
    files.write_whole(Path(result), data)
    return 0 if outcome.failure is None else 1


def perform(job: StepJob, read: ReadRecorder) -> StepOutcome:
    """Do one step in this process, which has done none before."""
    meter = ProcessMeter()
    return msgspec.structs.replace(_perform(job, read), used=meter.read())


def _perform(job: StepJob, read: ReadRecorder) -> StepOutcome:
    try:
        open_sources(job)
        place = ValueStore(open_store(job.blobs), Path(job.scratch))
    except Exception as error:  # noqa: BLE001 - whatever it is, the run hears of it
        return StepOutcome(failure=describe(error, job))
    return carry_out(job, place, read)


def open_sources(job: StepJob) -> None:
    """Let imports find the modules of the step's project, as they were registered, before all others.

    So do those of the Python processes that the step starts.
    """
    finder = snapshot.finder_of(Path(job.folder), job.sources)
    sys.meta_path.insert(0, finder)
    for name in finder.files:
        sys.modules.pop(name, None)  # the fork server may have loaded a package's module of the same name
    variables.give(Path(job.folder), job.sources)
    if job.env:  # a function that becomes a model here is to run in the same environment
        os.environ[_LOCK] = str(environments.folder_of(job.env) / Path(job.env_name).name)
    del sys.argv[1:]  # those of the process that this one was forked from


def carry_out(job: StepJob, place: ValueStore, read: NoRecorder = NoRecorder()) -> StepOutcome:  # noqa: B008 - no state
    """Do one step whose sources are open; whatever it raises is its failure."""
    parents.of_thread.set(job.parent)
    project_of_thread.set(job.project)
    rescued: list[KeptObject] = []
    try:
        _seed(job.seed)
        with read.importing():
            function = _find(job.function)
        # Its module may have loaded NumPy only now, and may have drawn numbers while it was imported.
        _seed(job.seed)
        hints = _hints(function)
        given = {
            name: _read(argument, hints.get(name, Any), place) for name, argument in job.arguments.items()
        }
        with step_metrics.writing_to(place.scratch), read.calling(given.values()):
            returned = function(**given)
            soon = DeferredStore(place.blobs) if job.soon and isinstance(place.blobs, LocalStore) else None
            bounded = _bounded(soon or place.blobs, job, place)
            outputs = _write(returned, hints.get("return", Any), job, bounded, rescued, place)
        return StepOutcome(outputs=outputs, files=read.files(), soon=soon.written if soon else {})
    except BaseException as error:  # noqa: BLE001 - sys.exit() in a step is a failure too
        return StepOutcome(failure=describe(error, job), kept=rescued[0] if rescued else None)


def _bounded(blobs: BlobStore, job: StepJob, place: ValueStore) -> ValueStore:
    return ValueStore(Limited(blobs, job.max_output) if job.max_output else blobs, place.scratch)


def _limit_threads(count: int) -> None:
    """Tell libraries that were loaded before the fork, and so before the step's variables were set."""
    with contextlib.suppress(ImportError):  # it comes with scikit-learn
        import threadpoolctl  # type: ignore[import-untyped]

        threadpoolctl.threadpool_limits(count)


def _seed(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed(seed % 2**32)  # noqa: NPY002 - what user code without a generator of its own draws from
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def _find(place: str) -> Any:
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    return found.function if isinstance(found, MarkedStep) else found


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError):
        return {}


def _read(argument: Argument, annotation: Any, place: ValueStore) -> Any:
    if isinstance(argument, PlainArgument):
        return _typed(argument.value, annotation)
    if isinstance(argument, DatasetArgument):
        return Dataset(argument.ref, digest=argument.digest, blobs=place.blobs)
    if isinstance(argument, FeaturesArgument):
        return Features(argument.ref, digest=argument.digest, blobs=place.blobs, folder=argument.folder)
    if isinstance(argument, ListArgument):
        return [_read(item, Any, place) for item in argument.items]
    made_by = _Lazy(argument)
    if argument.many and argument.index is None:
        return tuple(
            materializers.load(value, made_by.annotation(n), place) for n, value in enumerate(argument.values)
        )
    return materializers.load(argument.values[0], made_by.annotation(argument.index), place)


class _Lazy:
    """The return annotation of the step that made a value; its module is imported only if it is asked for."""

    def __init__(self, argument: StepArgument) -> None:
        self.argument = argument

    def annotation(self, index: int | None) -> Any:
        argument = self.argument
        if all(value.kind not in _TYPED for value in argument.values):
            return Any
        returned = _hints(_find(argument.function)).get("return", Any)
        parts = output_types(returned)
        kind = parts[index] if parts is not None and index is not None else returned
        kind = GenericAlias(list, (kind,)) if argument.mapped else kind
        return item_type(kind) if argument.item else kind


def _typed(value: Any, annotation: Any) -> Any:
    try:
        return from_plain(value, annotation)
    except (TypeError, NotImplementedError, msgspec.MsgspecError):
        return value


def _write(
    returned: Any,
    annotation: Any,
    job: StepJob,
    place: ValueStore,
    rescued: list[KeptObject],
    home: ValueStore,
) -> list[Value]:
    """Write what a step returned; what can't be written is kept in `home`, and told in `rescued`."""

    def save(value: Any, kind: Any, n: int) -> Value:
        try:
            return _save(value, kind, place, split=n in job.split)
        except Exception as error:
            if job.keep_most and would_fail_again(error):
                rescued.append(keep_unstorable(value, _reason(error), home, job.keep_most))
            raise

    kinds = output_types(annotation) if job.many_outputs else None
    if kinds is None:
        return [save(returned, annotation, 0)]
    if not isinstance(returned, tuple) or len(returned) != len(kinds):
        raise InvalidInput(
            f"the step is annotated to return {len(kinds)} values, but returned a {type(returned).__name__}"
        )
    return [save(value, kind, n) for n, (value, kind) in enumerate(zip(returned, kinds, strict=True))]


def _reason(error: Exception) -> str:
    why = f": {error.why}" if isinstance(error, MeguruError) and error.why else ""
    return f"{error}{why}"[: failures.MAX_MESSAGE]


def _save(value: Any, annotation: Any, place: ValueStore, *, split: bool) -> Value:
    return ITEMS.save(value, annotation, place) if split else materializers.save(value, annotation, place)


def describe(error: BaseException, job: StepJob) -> Failure:
    """Return what is told of an error that ended a step, without secrets."""
    return failures.failure_of(error, folder=job.folder, max_file=job.max_file, own=__file__)
