"""What a measurement of files is."""

from __future__ import annotations

from datetime import datetime

import msgspec

IMAGES = "images"
"""Who measures how images look; everything else is measured by a model."""
VECTOR = "vector"
MAX_DIMENSIONS = 16_384


class FileMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of the files of a version.

    `by` is ``images`` or the model. `digest` names a Parquet blob: a row for each content (`digest`), and
    what was measured of it. `files` is how many contents there are, `dimensions` the length of their
    vectors (0: there are none).
    """

    ref: str
    by: str
    digest: str
    files: int
    dimensions: int
    created_at: datetime
    created_by: str
