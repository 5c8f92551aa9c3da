"""Parts put together: read once, checked, hashed and written in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from meguru.artifacts.uploads.types import Upload, UploadPart
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore
from meguru.storage.blobs.incoming import Incoming
from meguru.storage.blobs.parts import Parts


def join(
    blobs: BlobStore, folder: Path, kept: Parts, upload: Upload, parts: Iterable[UploadPart]
) -> Incoming:
    """Return the draft of the whole file; nothing is left of it if a part is not as it came.

    Raises
    ------
    InvalidInput
        If a part's bytes are gone or changed; which one has to be sent again is told.
    """
    draft = Incoming(blobs, folder)
    try:
        for part in parts:
            draft.write(_checked(kept, upload, part))
    except BaseException:
        draft.drop()
        raise
    return draft


def _checked(parts: Parts, upload: Upload, part: UploadPart) -> Iterator[bytes]:
    # Its digest was taken when it came. Hashed a second time only if it may have changed since: a file whose
    # state is no longer that in which this process left it, or an object of a store that others write to.
    seen, is_trusted = hashlib.sha256(), parts.is_untouched(upload.id, part.name)
    try:
        for piece in parts.read(upload.id, part.name):
            if not is_trusted:
                seen.update(piece)
            yield piece
    except FileNotFoundError:
        raise _lost(part, "its bytes are not there any more") from None
    if not is_trusted and seen.hexdigest() != part.digest:
        raise _lost(part, "its bytes were changed after it came")


def _lost(part: UploadPart, why: str) -> InvalidInput:
    return InvalidInput(f"part {part.number} can't be used", why=why, hint="send it again, then complete")
