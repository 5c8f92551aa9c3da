"""Readers that open files in native code, where no audit hook hears of it: they note what they are given.

It is as complete as this table; what it can't know is told in docs/concepts/caching.md.
"""

from __future__ import annotations

import functools
import glob
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meguru.compute.inherited import watch

_READERS: dict[str, tuple[str, ...]] = {
    "cv2": ("imread",),
    "duckdb": ("read_csv", "read_parquet", "read_json", "from_csv_auto", "from_parquet"),
    "polars": ("read_", "scan_"),
    "pyarrow": ("memory_map",),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.orc": ("read_table",),
    "pyarrow.parquet": ("read_table", "read_pandas", "read_schema", "read_metadata"),
    "rasterio": ("open",),
    "torchvision.io": ("read_image", "read_video", "decode_image"),
}
"""By module, the functions that read what their arguments name; a name that ends in ``_`` is a beginning."""
_CLASSES: dict[str, tuple[str, ...]] = {
    "deltalake": ("DeltaTable",),
    "h5py": ("File",),
    "lightgbm": ("Dataset",),
    "netCDF4": ("Dataset",),
    "pyarrow.orc": ("ORCFile",),
    "pyarrow.parquet": ("ParquetFile", "ParquetDataset"),
    "xgboost": ("DMatrix", "QuantileDMatrix"),
}
_done: set[str] = set()
_MAX_PATHS = 10_000


def note_readers() -> None:
    """Let the readers that are loaded note what they are given; it is done once for each module."""
    for module in (*_READERS, *_CLASSES):
        if module in sys.modules and module not in _done:
            _done.add(module)
            found = sys.modules[module]
            for name in _names(found, _READERS.get(module, ())):
                setattr(found, name, _noting(getattr(found, name), module, name))
            for name in _CLASSES.get(module, ()):
                _note_class(getattr(found, name, None))


def _names(module: Any, wanted: tuple[str, ...]) -> list[str]:
    exact = [name for name in wanted if not name.endswith("_") and hasattr(module, name)]
    begun = tuple(name for name in wanted if name.endswith("_"))
    return exact + [name for name in dir(module) if begun and name.startswith(begun)]


def _noting(function: Callable[..., Any], module: str, name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def reader(*args: Any, **kwargs: Any) -> Any:
        _note(args, kwargs)
        return function(*args, **kwargs)

    # Pickle looks a function up by its module and name, and must find this one.
    reader.__module__, reader.__qualname__ = module, name
    return reader


def _note_class(kind: Any) -> None:
    if not isinstance(kind, type):
        return
    begin = kind.__init__  # type: ignore[misc]

    @functools.wraps(begin)
    def noting(self: Any, *args: Any, **kwargs: Any) -> None:
        mode = kwargs.get("mode", args[1] if len(args) > 1 else "r")
        if not isinstance(mode, str) or mode[:1] not in {"w", "a", "x"}:
            _note(args, kwargs)
        begin(self, *args, **kwargs)

    try:
        kind.__init__ = noting  # type: ignore[misc]
    except TypeError:  # a class of native code can't be changed
        return


def _note(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    file_watch = watch.current()
    if file_watch is None:
        return
    for value in (*args, *kwargs.values()):
        several = value if isinstance(value, list | tuple) else [value]
        for one in several[:_MAX_PATHS]:
            if isinstance(one, str | Path):
                _note_path(file_watch, os.path.expanduser(str(one)))  # noqa: PTH111 - a pattern, perhaps


def _note_path(found: watch.FileWatch, path: str) -> None:
    if "\0" in path or "\n" in path or "://" in path:
        return
    places = glob.glob(path, recursive=True)[:_MAX_PATHS] if glob.has_magic(path) else [path]  # noqa: PTH207
    for place in places:
        if os.path.isdir(place):  # noqa: PTH112
            for here, _, names in os.walk(place):
                found.lists(here)
                for name in names[:_MAX_PATHS]:
                    found.opened(os.path.join(here, name), os.O_RDONLY)  # noqa: PTH118
        else:
            found.opened(place, os.O_RDONLY)
