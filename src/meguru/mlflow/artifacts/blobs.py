"""Which blobs the files of logged models, and other files that belong to no run, need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.mlflow.schema import stored_file

_OF_LOGGED_MODEL = re.compile(r"[^/]+/models/([^/]+)/artifacts/(.+)")


def _of_file(row: Row[Any]) -> Iterator[BlobReference]:
    found = _OF_LOGGED_MODEL.fullmatch(row.path)
    ref = refs.make("logged_model", found[1]) if found else refs.make("stored_file", row.path)
    yield BlobReference(digest=row.digest, ref=ref, part=found[2] if found else row.path)


STORED_FILES = declare(
    BlobSource(key=[stored_file.c.path], columns=[stored_file.c.path, stored_file.c.digest], read=_of_file)
)
