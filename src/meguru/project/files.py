"""The files of a project: read within bounds, parsed, each knowing where in it something is written."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

from meguru.errors import InvalidInput, NotFound
from meguru.project.locate import Document
from meguru.project.types import Source

FILE = "meguru.toml"
MAX_BYTES = 4 << 20
"""Of all files of a project together."""
MAX_FILES = 100
MAX_DEPTH = 20


def read_files(path: Path) -> list[Source]:
    """Read a project file and what it includes; a Python file is run instead.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidInput
        When one is too large, no TOML, outside of the project's folder, or included twice.
    """
    main = path.absolute()
    if main.suffix == ".py":
        from meguru.project.python_file import run_file

        return [run_file(main)]
    found = {main.resolve(): read_toml(main)}
    _take_in(found, main.resolve(), main.parent.resolve(), 0)
    return list(found.values())


def read_features(path: Path) -> list[Source]:
    """Return what ``features.py`` beside a project file declares; nothing if it declares nothing."""
    file = path.absolute().parent / "features.py"
    if path.suffix == ".py" or not file.is_file():
        return []
    from meguru.project import features_file

    return [features_file.run_features(file)] if features_file.declares(file) else []


def read_toml(file: Path) -> Source:
    """Read one file."""
    text = _text(file)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(file, error) from None
    except RecursionError:
        raise InvalidInput("the file is nested too deeply", where=f"{file}:1:1") from None
    return Source(file=file, content=content, located=Document(text), size=len(text))


def replace_text(file: Path, text: str) -> None:
    """Write a file of a project over what it held; who is killed leaves one text or the other, never half."""
    target = file.resolve()  # what is a link stays one
    # Beside it: a rename is atomic only within one file system.
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8", newline="\n")
        shutil.copymode(target, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _take_in(found: dict[Path, Source], target: Path, root: Path, depth: int) -> None:
    """Read what a file includes, and what those include."""
    source = found[target]
    for number, given in enumerate(_includes(source)):
        place = ("include", str(number))
        if "\0" in given:
            raise source.refusal(place, f"{given!r} is no name of a file")
        # Resolved first: neither ".." nor a link leads out of the folder.
        following = (source.file.parent / given).resolve()
        if not following.is_relative_to(root):
            raise source.refusal(place, f"{given!r} is outside of the project's folder")
        if following in found or depth >= MAX_DEPTH or len(found) >= MAX_FILES:
            raise source.refusal(place, f"{given!r} is included again, or too many files are")
        if not following.is_file():
            raise source.refusal(place, f"there is no file {given!r}")
        found[following] = read_toml(following)
        if sum(each.size for each in found.values()) > MAX_BYTES:
            why = f"{MAX_BYTES:,} bytes are allowed"
            raise source.refusal(place, "the files are too large together", why=why)
        _take_in(found, following, root, depth + 1)


def _includes(source: Source) -> list[str]:
    given = source.content.get("include", [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        hint = 'include = ["gates.toml"]'
        raise source.refusal(("include",), "include must be a list of files", hint=hint)
    return list(listed)


def _text(file: Path) -> str:
    if not file.is_file():
        raise NotFound(f"there is no file {file.name!r}", where=str(file), hint="meguru init")
    size = file.stat().st_size
    if size > MAX_BYTES:
        why = f"it has {size:,} bytes, and {MAX_BYTES:,} are allowed"
        raise InvalidInput("the file is too large", where=f"{file}:1:1", why=why)
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("the file is not UTF-8", where=f"{file}:1:1", why=str(error)) from error


def _broken(file: Path, error: tomllib.TOMLDecodeError) -> InvalidInput:
    said = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    end = Document(file.read_text("utf-8")).text.count("\n") + 1
    where = f"{file}:{said[1]}:{said[2]}" if said else f"{file}:{end}:1"  # at the end of the document
    return InvalidInput("the file is not TOML", where=where, why=str(error).partition(" (at")[0])
