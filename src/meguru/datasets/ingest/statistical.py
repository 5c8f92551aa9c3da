"""Files of SPSS, SAS and Stata: read some rows at a time, as the numbers, texts and times that they hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from meguru.base.library_errors import reason
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.refusals import unreadable
from meguru.datasets.ingest.typed import write_typed
from meguru.datasets.types import Format, ReadOptions
from meguru.errors import MissingDependency

_ROWS = 100_000
_READERS = {
    ".por": "read_por", ".dta": "read_dta", ".sas7bdat": "read_sas7bdat", ".xpt": "read_xport",
}  # fmt: skip
_OF_FORMAT: dict[Format, str] = {"spss": "read_sav", "stata": "read_dta", "sas": "read_sas7bdat"}


def _statistical(
    format: Format, path: Path, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
) -> ConvertedFile:
    try:
        import pyreadstat
    except ImportError as error:
        raise MissingDependency.of("formats", "pyreadstat") from error
    reader = getattr(pyreadstat, _READERS.get(Path(name).suffix.lower(), _OF_FORMAT[format]))

    def frames() -> Iterator[pl.DataFrame]:
        more: dict[str, Any] = {"encoding": said.encoding} if said.encoding else {}
        # The reader looks at the name for what it is; blobs have none.
        parts = pyreadstat.read_file_in_chunks(
            reader, str(path), chunksize=_ROWS, output_format="polars", **more
        )
        for frame, _ in parts:
            yield frame

    try:
        first = next(frames(), None)
        schema = first.schema if first is not None else pl.Schema()
        return write_typed(frames, schema, name, format, said, target, meter=meter)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise unreadable(name, format, reason(error)) from error


spss = partial(_statistical, "spss")
sas = partial(_statistical, "sas")
stata = partial(_statistical, "stata")
