"""Files of a dataset: which are meant by a path, and what format a name tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from meguru.datasets.types import Format
from meguru.errors import InvalidInput, UsageError

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".tab": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".arrows": "arrow",
    ".avro": "avro",
    ".csv.bz2": "csv",
    ".csv.zst": "csv",
    ".tsv.bz2": "csv",
    ".tsv.zst": "csv",
    ".jsonl.gz": "json",
    ".jsonl.bz2": "json",
    ".jsonl.zst": "json",
    ".ndjson.gz": "json",
    ".json.gz": "json",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".sav": "spss",
    ".zsav": "spss",
    ".por": "spss",
    ".sas7bdat": "sas",
    ".xpt": "sas",
    ".dta": "stata",
}


def format_of(path: str, *, field: str) -> Format:
    """Tell a file's format from its name."""
    # In any order: none of these endings is the end of another.
    for suffix, known in _SUFFIXES.items():
        if path.lower().endswith(suffix):
            return known
    raise UsageError(
        f"the format of {path!r} is not known",
        why=f"its name ends with none of {', '.join(_SUFFIXES)}",
        hint="rename it, or say --format csv, parquet, json, …; files of any kind: name their folder",
        field=field,
    )


def is_table(path: str) -> bool:
    """Tell whether a file's name is that of a table."""
    return path.lower().endswith(tuple(_SUFFIXES))


def expand(paths: Iterable[str | Path]) -> list[tuple[str, Path]]:
    """List the files meant by paths: a file goes by its own name, a folder's files by their place in it.

    Raises
    ------
    InvalidInput
        If a path does not exist, a file is empty, or two files would get the same name.
    """
    found: dict[str, Path] = {}
    for given in paths:
        root = Path(given)
        inside = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
        for file in inside:
            name = file.relative_to(root).as_posix() if root.is_dir() else file.name
            if name in found:
                why = f"{found[name]} and {file} would both be called {name!r}"
                raise InvalidInput("two files have the same name", where=str(file), why=why, field="paths")
            found[name] = _usable(file)
    if not found:
        raise UsageError("there is no file to add", hint="name at least one file", field="paths")
    return sorted(found.items())


def _usable(file: Path) -> Path:
    if not file.exists():
        raise UsageError(f"there is no file {str(file)!r}", where=str(file), field="paths")
    if not file.is_file():
        raise InvalidInput(f"{str(file)!r} is not a file", where=str(file), field="paths")
    if file.stat().st_size == 0:
        raise InvalidInput(f"the file {str(file)!r} is empty", where=str(file), field="paths")
    return file
