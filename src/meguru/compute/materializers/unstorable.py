"""What a step returned and nothing can store is not lost: its own process keeps it as bytes.

The bytes are a pickle. They go into the blob store as they are, and no server ever loads them: what becomes
of them is decided in quarantine.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from meguru.artifacts import trees
from meguru.compute.materializers.base import ValueStore
from meguru.errors import MeguruError, MissingDependency, is_our_fault
from meguru.tasks import TaskOptions, plain, task_of

OBJECT = "object"
_FRAMES = ("example", "holdout", "baseline")


class KeptObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object as bytes, in the tree of a folder, with what was said of it; or why it could not be kept.

    `file` is the name of its type. `task`, `label`, `metrics` and `params` are those of a `Model`.
    """

    tree: str = ""
    file: str = ""
    reason: str = ""
    lost: str = ""
    task: TaskOptions = ""
    label: str = ""
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}


def would_fail_again(error: BaseException) -> bool:
    """Say whether storing the same object fails again: by what it is, or by what is not installed here.

    What a disk, a network or another process is at fault for may work at the next attempt.
    """
    return isinstance(error, ImportError | MissingDependency) or not is_our_fault(error)


class _TooMuch(Exception):
    pass


class _Bounded(io.RawIOBase):
    """A file that takes only so much."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__()
        self._file, self._left = path.open("wb"), most

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._left -= size
        if self._left < 0:
            raise _TooMuch
        self._file.write(data)
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def keep_unstorable(value: Any, reason: str, place: ValueStore, most: int) -> KeptObject:
    """Keep what a step returned, at most so many bytes of it; the evidence of a `Model` is kept beside it.

    Whatever goes wrong is told in the result: the failure that led here is what the author is to see.
    """
    is_model = type(value).__name__ == "Model" and type(value).__module__ == "meguru.flavors.model"
    trained = value.estimator if is_model else value
    file = f"{type(trained).__module__}.{type(trained).__qualname__}"[:200]
    folder = place.scratch / "kept"
    # Of an output before this one: a step that returns several may keep one after the other.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        _pickled(trained, folder / OBJECT, most)
        said = _evidence(value, folder) if is_model else {}
        return KeptObject(tree=trees.put_folder(place.blobs, folder), file=file, reason=reason, **said)
    except _TooMuch:
        return KeptObject(file=file, reason=reason, lost=f"it has more than {most:,} bytes")
    except Exception as error:  # noqa: BLE001 - pickling runs code of the object's own
        return KeptObject(file=file, reason=reason, lost=f"{type(error).__name__}: {error}"[:300])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pickled(value: Any, path: Path, most: int) -> None:
    dumps: list[Callable[[Any, Any], None]] = [lambda it, file: pickle.dump(it, file, protocol=5)]
    if find_spec("cloudpickle") is not None:
        dumps.append(_by_value)
    for n, dump in enumerate(dumps):
        try:
            with io.BufferedWriter(_Bounded(path, most)) as file:
                dump(value, file)
        except _TooMuch:
            raise
        except Exception:
            if n + 1 == len(dumps):
                raise
        else:
            return


def _by_value(value: Any, file: Any) -> None:
    """Write functions and classes of a notebook or a script, too, which a plain pickle can only name."""
    from importlib import import_module

    import_module("cloudpickle").dump(value, file, protocol=5)


def _evidence(model: Any, folder: Path) -> dict[str, Any]:
    from meguru.flavors.frames import as_frame

    for name in _FRAMES:
        frame = getattr(model, name, None)
        if frame is not None:
            path = folder / f"{name}.parquet"
            try:
                as_frame(frame).write_parquet(path, compression="zstd")
            except Exception:  # noqa: BLE001 - a frame that can't be written may be what was wrong
                path.unlink(missing_ok=True)
    said: dict[str, Any] = {"label": str(model.label)[:200]}
    with contextlib.suppress(MeguruError, TypeError):
        said["task"] = plain(task_of(model.task)) if model.task else ""
    for name, kind in (("metrics", dict[str, float]), ("params", dict[str, Any])):
        with contextlib.suppress(msgspec.MsgspecError, TypeError, ValueError):
            said[name] = msgspec.convert(msgspec.json.decode(msgspec.json.encode(getattr(model, name))), kind)
    return said
