"""The files of a registration: checks of their entries, and which of them the newest version has."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from meguru.base import digests
from meguru.base.paths import check_path
from meguru.datasets import paths
from meguru.datasets.types import FileEntry, Format, Manifest, Mode
from meguru.datasets.versions.compact import given_files
from meguru.errors import Conflict, InvalidInput


def check_entries(files: Sequence[FileEntry]) -> list[FileEntry]:
    """Return files by their names; refuse none at all, and what could not be kept."""
    if not files:
        raise InvalidInput("a dataset needs at least one file", field="files")
    seen: set[str] = set()
    for index, entry in enumerate(files):
        field = f"files[{index}]"
        check_path(entry.path, field=f"{field}.path")
        digests.check_digest(entry.digest, field=f"{field}.digest")
        if entry.path in seen:
            raise InvalidInput(f"two files are called {entry.path!r}", field=f"{field}.path")
        seen.add(entry.path)
    return sorted(files, key=lambda entry: entry.path)


def check_table_format(format: Format) -> Format:
    """Return a format of tables; refuse that of folders."""
    if format == "files":
        hint = "dataset.register_folder keeps files of any kind"
        raise InvalidInput("the rows of these files would be files", hint=hint, field="format")
    return format


def one_format(entries: Sequence[FileEntry]) -> Format:
    """Return the format that the names of all files tell."""
    formats = {paths.format_of(entry.path, field="files"): entry.path for entry in entries}
    if len(formats) > 1:
        raise InvalidInput("the files have different formats", why=", ".join(formats.values()), field="files")
    return next(iter(formats))


def without_registered(newest: Manifest | None, entries: list[FileEntry], mode: Mode) -> list[FileEntry]:
    """Leave out of what is added what the newest version has already: it need not be read again."""
    if newest is None or mode not in {"append", "upsert"}:
        return entries
    whole = [file for file in newest.files if not file.deleted]
    there = {(file.path, file.digest) for file in given_files(whole)}
    return [entry for entry in entries if (entry.path, entry.digest) not in there]


def check_no_folder(name: str, newest: Manifest | None, mode: Mode) -> None:
    """Refuse tables for a dataset whose rows are files; their keys may be given, to delete them."""
    if newest and newest.format == "files" and mode != "delete":
        what = f"the rows of dataset {name!r} are files, and those given are tables"
        raise InvalidInput(what, hint="give the table another name", field="name")


def check_meanwhile(
    name: str,
    before: Manifest | None,
    given: list[FileEntry],
    were_read: AbstractSet[FileEntry],
    mode: Mode,
) -> None:
    """Refuse to follow a version that came meanwhile: a folder, or without files that the one before had."""
    check_no_folder(name, before, mode)
    if gone := [entry for entry in without_registered(before, given, mode) if entry not in were_read]:
        raise Conflict(
            "another version came meanwhile",
            why=f"it does not have {gone[0].path!r}, which the one before had",
            hint="add the files again",
        )
