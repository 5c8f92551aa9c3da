"""`meguru.data`: rows that Python makes become versions of datasets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from meguru.app.open import open_workspace
from meguru.base.ids import new_id
from meguru.datasets.client import staged_files
from meguru.datasets.register import register
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.python_rows import frames_of_rows
from meguru.datasets.types import DatasetVersion, Mode
from meguru.errors import InvalidInput


class DataApi:
    """What Python does with datasets beside pipelines."""

    def write(
        self,
        name: str,
        rows: Iterable[Any],
        *,
        mode: Mode = "replace",
        key: Sequence[str] | None = None,
        time: str = "",
        note: str = "",
        workspace: str | Path | None = None,
    ) -> DatasetVersion:
        """Register rows as the next version of a dataset, however many they are: memory stays bounded.

        Parameters
        ----------
        rows
            Dicts, or frames (Polars, or what speaks Arrow); a generator is read as it gives them.
        mode
            ``replace``, ``append``, ``upsert`` or ``delete`` (by the key).
        key, time
            The columns that tell one row from another, and the one that says when it happened; by default
            what is declared.
        workspace
            Default: ``MEGURU_WORKSPACE``, else the project's.

        Raises
        ------
        InvalidInput
            If there are no rows, or a column holds values of several types; nothing is registered then. What
            the generator raises ends it likewise.

        Examples
        --------
        >>> data.write("orders", ({"id": n, "price": n / 2} for n in range(10_000_000)))  # doctest: +SKIP
        """
        with open_workspace(workspace) as ws, TemporaryDirectory(prefix="meguru-data-") as folder:
            sink = FileSink(Path(folder))
            for frame in frames_of_rows(rows):
                sink.rows("rows", frame)
            files = sink.close()
            if not files:
                raise InvalidInput("there are no rows to write", field="rows")
            if mode in {"append", "upsert"}:
                # Appended rows have files of their own, which no other has the name of.
                mark = new_id("w")[-16:]
                files = {f"{Path(path).stem}-{mark}.parquet": file for path, file in files.items()}
            with staged_files(ws, files) as entries:
                return register(
                    ws,
                    name=name,
                    files=entries,
                    mode=mode,
                    key=None if key is None else list(key),
                    event_time=time,
                    note=note,
                )


data = DataApi()
