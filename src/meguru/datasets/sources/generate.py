"""The process in which a function makes rows; see `generator`.

It writes Parquet files into a folder, each whole under its name, and waits while some are taken by nobody.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.library_errors import kind_and_reason
from meguru.datasets.sources.python_rows import frames_of_rows
from meguru.datasets.sources.watermark import value_of
from meguru.errors import InvalidInput, MeguruError

ERROR = "error.json"
MAX_WAITING = 4
"""So many files wait to be taken; the function goes on when there are fewer."""
ROWS = 100_000
PAUSE = 0.02


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Which function of which file makes rows, into which folder, from which value of the watermark on."""

    file: str
    function: str
    folder: str
    kind: str = ""
    since: str = ""


def main(order: Order) -> int:
    """Make the rows; return 0, or 1 when an error was written down."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = Path(order.folder)
    try:
        number = 0
        for frame in frames_of_rows(_called(_function(order), order)):
            for part in frame.iter_slices(ROWS):
                # Written beside and renamed: the reader takes whatever has the final name, and it is whole.
                part.write_parquet(folder / "part")
                (folder / "part").rename(folder / f"{number:06}.parquet")
                number += 1
                # Backpressure: the reader deletes what it took, so the oldest being there means that it is
                # behind.
                while number >= MAX_WAITING and (folder / f"{number - MAX_WAITING:06}.parquet").exists():
                    time.sleep(PAUSE)
    except MeguruError as error:
        return _write_error(folder, error)
    except Exception as error:  # noqa: BLE001 - whatever the function raises is told where it is read
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = kind_and_reason(error)
        where = f"{last.filename}:{last.lineno}"
        return _write_error(folder, InvalidInput(f"{order.function} failed", where=where, why=why))
    return 0


def _function(order: Order) -> Callable[..., Any]:
    file = Path(order.file)
    sys.path.insert(0, str(file.parent))
    os.chdir(file.parent)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None  # noqa: S101 - it ends with .py
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    found = getattr(module, order.function, None)
    if not callable(found):
        raise InvalidInput(f"{file.name} has no function {order.function!r}", where=order.file)
    return found  # type: ignore[no-any-return]  # it is callable


def _called(function: Callable[..., Any], order: Order) -> Any:
    wants = "since" in inspect.signature(function).parameters
    since = value_of(order.kind, order.since) if order.kind else None
    return function(since=since) if wants else function()


def _write_error(folder: Path, error: MeguruError) -> int:
    (folder / ERROR).write_bytes(msgspec.json.encode(error.as_dict()))
    return 1


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Order)))
