"""Files of a file store as MLflow writes them: YAML, texts by key, points by line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from meguru.errors import InvalidInput, MeguruError
from meguru.mlflow.exchange.types import MlflowPoint, OnError


def write_document(path: Path, values: Mapping[str, Any]) -> None:
    """Write a YAML file, whole or not at all."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(dict(values), Dumper=dumper, allow_unicode=True, default_flow_style=False)
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:100]}.draft")
    draft.write_bytes(text.encode())
    draft.replace(path)


def write_texts(folder: Path, values: Mapping[str, str], on_error: OnError) -> None:
    """Write texts by key below a folder; a key with slashes lies deeper."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in values.items():
        try:
            write_text(below(folder, key), value)
        except (MeguruError, OSError) as error:
            on_error(_as_error(key, error))


def write_points(folder: Path, key: str, points: Iterable[MlflowPoint], on_error: OnError) -> None:
    """Write the points of a metric, one a line."""
    try:
        path = below(folder, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="ascii") as file:
            for step, ms, value in points:
                file.write(f"{ms} {'nan' if value is None else repr(value)} {step}\n")
    except (MeguruError, OSError) as error:
        on_error(_as_error(key, error))


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to a place that may not be there yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def below(folder: Path, key: str) -> Path:
    """Return the path of a key below a folder; refuse one that would lead out of it."""
    parts = key.split("/")
    climbs = ".." in key.replace("\\", "/").split("/")
    if "\0" in key or len(key) > 500 or climbs or any(part in {"", "."} for part in parts):
        raise InvalidInput(f"{key[:120]!r} can't be a path in a file store", field=key[:120])
    return folder.joinpath(*parts)


def swap(draft: Path, target: Path, aside: Path) -> None:
    """Put a folder in the place of another one, which is gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # No system call swaps two folders everywhere. A kill between the two leaves the old one under `aside`.
    if target.exists():
        target.rename(aside)
    os.replace(draft, target)  # noqa: PTH105 - the same word for files and folders
    shutil.rmtree(aside, ignore_errors=True)


def _as_error(key: str, error: Exception) -> MeguruError:
    if isinstance(error, MeguruError):
        return error
    return InvalidInput(f"{key[:120]!r} can't be written to a file store", why=str(error)[:300])
