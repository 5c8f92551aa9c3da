"""What a step holds when a parameter is features: views over pinned data, joined as of each row's moment."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from meguru.storage.blobs import BlobStore

_TRAINING = "meguru.features.offline.training"
"""Features are built upon steps, and not the other way round."""


class Features:
    """Features, pinned when the run started: versions of views over versions of datasets.

    Parameters
    ----------
    ref
        ``feature_service/delay@3``; before a run starts also ``delay`` or ``feature_view/weather,plane:age``.
    digest
        Digest of what was chosen, which names each version; empty before a run starts.
    blobs
        Where data and code are read from.
    folder
        Where rows that were computed are kept, so that they need not be again.

    Examples
    --------
    >>> Features("delay@latest").ref
    'delay@latest'
    """

    def __init__(
        self, ref: str, *, digest: str = "", blobs: BlobStore | None = None, folder: str = ""
    ) -> None:
        self.ref, self.digest, self._blobs, self._folder = ref, digest, blobs, folder

    def __repr__(self) -> str:
        return f"Features({self.ref!r})"

    @property
    def chosen(self) -> Any:
        """The versions of views, each with its definition and its data: a `FeatureSet`."""
        return import_module(_TRAINING).load_set(self._store(), self.digest)

    @property
    def views(self) -> list[str]:
        """The versions of views, by reference."""
        return [view.ref for view in self.chosen.views]

    def join(
        self,
        frame: Any,
        *,
        time: str = "",
        on: Mapping[str, str] | None = None,
        ages: bool = False,
        statuses: bool = False,
    ) -> pl.DataFrame:
        """Return the rows of a frame, each with what was known of its entities at its moment.

        Exactly one row comes out for one that goes in, in the same order. No value is later than the row's
        moment, by its own time or by when it became known; one that is older than the view's TTL is not
        there.

        Parameters
        ----------
        frame
            Polars, pandas or Arrow; it has the columns of the entities' keys.
        time
            The column with the moments; what has no time zone is taken to be in UTC.
        on
            By key, the column of the frame that has it under another name: ``{"origin": "airport"}``.
        ages, statuses
            Add ``view__age`` (how old what holds is) and ``view__status`` (``PRESENT``, ``NOT_FOUND``,
            ``OUTSIDE_MAX_AGE``).
        """
        offline = import_module(_TRAINING)
        options = offline.JoinOptions(time=time, on=dict(on or {}), ages=ages, statuses=statuses)
        found: pl.DataFrame = offline.training(self._store(), self.chosen, frame, options, self._place())
        return found

    def _place(self) -> Path | None:
        # On another machine that folder is not there, and the user's own does as well.
        return Path(self._folder) if self._folder and Path(self._folder).is_dir() else None

    def _store(self) -> BlobStore:
        if self._blobs is None or not self.digest:
            raise InvalidInput(
                f"{self!r} is not pinned to versions yet",
                why="features can be read only inside a step of a run",
                hint="in a test, pass the step what `open_features(ws, ref)` returns",
            )
        return self._blobs
