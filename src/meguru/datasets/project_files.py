"""Files that a project file names: told by their digests in a plan, registered by an apply."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.paths import check_path
from meguru.datasets.client import DatasetDoor, staged_files
from meguru.datasets.expectations.pandera import declared
from meguru.datasets.folders.project_files import carry_folder, planned
from meguru.datasets.kind import DatasetSection, DatasetSpec
from meguru.datasets.paths import format_of
from meguru.datasets.register import register
from meguru.datasets.spec import content_of
from meguru.datasets.types import FileEntry
from meguru.errors import Conflict, InvalidInput, UsageError

MAX_FILES = 10_000
_found: dict[str, dict[str, Path]] = {}
"""By the digest of a list of files that was looked at: where each is, to be carried when it is applied."""


def prepare(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[dataset.NAME]`` means, with the digest of its files for the files.

    Raises
    ------
    InvalidInput
        If there is no such file, it is outside of the project's folder, or nobody knows its format.
    """
    del name
    section = msgspec.convert(fields, DatasetSection)
    if section.expect:
        fields = fields | {"expect": declared(root, section.expect)}
    if isinstance(section.source, str):
        fields = fields | {"source": {"from": section.source}}
    if section.source and section.files:
        raise InvalidInput("rows come from files, or from a source, not from both", field="source")
    if not section.files:
        return {key: value for key, value in fields.items() if key != "files"}
    if section.content:
        raise InvalidInput("files or the digest of their content, not both", field="content")
    if section.format == "files":
        content = planned(root.resolve(), section.files)
        return {key: value for key, value in fields.items() if key != "files"} | {"content": content}
    if section.label:
        raise InvalidInput("only files of a folder have labels", hint='say format = "files"', field="label")
    places = _places(root.resolve(), section)
    entries = [_entry(path, file) for path, file in places.items()]
    content = content_of(entries)
    _found[content] = places
    return {key: value for key, value in fields.items() if key != "files"} | {"content": content}


def carry(ws: DatasetDoor, root: Path, name: str, fields: dict[str, Any]) -> None:
    """Upload the files of a spec that `prepare` made, and register them; the same again makes no version.

    Raises
    ------
    Conflict
        If they are not the files that were planned any more.
    """
    spec = msgspec.convert(fields, DatasetSpec)
    if spec.format == "files":
        carry_folder(ws, root.resolve(), name, spec)
        return
    places = _found.get(spec.content)
    if places is None:  # a digest alone: who declares it says that they are there
        return
    with staged_files(ws, places) as entries:
        if content_of(entries) != spec.content:
            raise Conflict(f"the files of dataset/{name} changed meanwhile", hint="plan again")
        register(
            ws,
            name=name,
            files=entries,
            format=spec.format,
            schema_policy=spec.schema_policy,
            event_time=spec.time,
            checks=spec.checks,
            expect=spec.expect,
            key=spec.key,
            read=spec.read,
        )


def _places(root: Path, section: DatasetSection) -> dict[str, Path]:
    """Return the files that are meant, each by its place in the project's folder, or in the folder named."""
    found: dict[str, Path] = {}
    for number, given in enumerate(section.files):
        field = f"files[{number}]"
        for path, file in _matching_files(root, given, field):
            check_path(path, field=field)
            if section.format is None:
                try:
                    format_of(path, field=field)
                except UsageError as error:
                    hint = 'rename the file, or say format = "csv", "parquet" or "json"'
                    raise InvalidInput(error.what, why=error.why, hint=hint, field=field) from error
            if found.setdefault(path, file) != file:
                why = f"{found[path]} and {file}"
                raise InvalidInput(f"two files are called {path!r}", why=why, field=field)
            if len(found) > MAX_FILES:
                raise InvalidInput(f"more than {MAX_FILES:,} files are too many", field=field)
    return dict(sorted(found.items()))


def _matching_files(root: Path, given: str, field: str) -> Iterator[tuple[str, Path]]:
    if "\0" in given or Path(given).is_absolute() or ".." in Path(given).parts or not given.strip():
        why = "it must be relative to the folder of meguru.toml, without '..'"
        raise InvalidInput(f"{given[:200]!r} is not within the project's folder", why=why, field=field)
    whole = root / given
    matched = [whole] if whole.exists() else sorted(root.glob(given))
    empty = True
    for place in matched:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in inside:
            if file.is_dir():
                continue
            if not file.resolve().is_relative_to(root):
                why = "a link leads out of it"
                raise InvalidInput(
                    f"{file.relative_to(root).as_posix()!r} is outside of the project", why=why, field=field
                )
            empty = False
            yield (file.relative_to(place).as_posix() if place.is_dir() else file.name), file
    if empty:
        raise InvalidInput(f"there is no file {given[:200]!r}", why=f"in {root}", field=field)


def _entry(path: str, file: Path) -> FileEntry:
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = file.stat().st_size
    except OSError as error:
        raise InvalidInput(f"{path!r} can't be read", why=str(error), field="files") from error
    if not size:
        raise InvalidInput(f"the file {path!r} is empty", field="files")
    return FileEntry(path=path, digest=digest, size=size)
