"""Who refers to which blobs, and whether these are what they were: two questions that a walk asks in turn."""

from __future__ import annotations

import time

import msgspec

from meguru.artifacts.integrity import sources
from meguru.artifacts.integrity.types import MAX_BLOBS, PLAIN, BlobCheck, BlobReference, BlobState
from meguru.base.digests import check_digest
from meguru.base.paging import Page, check_limit
from meguru.errors import DigestMismatch, InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.storage.blobs import BlobStore


@operation("blob.list", permission="audit:read", query=True)
def list_references(ctx: Context, *, cursor: str = "", limit: int = 1000) -> Page[BlobReference]:
    """List which things refer to which blobs, a page at a time; a page may be empty before the last one.

    It names things of all projects: who asks must hold the right in all.
    """
    ctx.require(ctx.operation.permission)
    return sources.read_page(ctx.tx, cursor, check_limit(limit))


@operation("blob.verify", permission="audit:read", query=True)
def verify_blobs(
    ctx: Context, *, blobs: list[str], seconds: float = 5.0, largest: int | None = None
) -> list[BlobCheck]:
    """Read blobs from the store itself and compare their digests: of the first ones, as many as time allows.

    Each is written ``DIGEST`` or, if it lists others, ``FORM:DIGEST``; what it lists is told, and not looked
    at. One of more than `largest` bytes is only looked for. What blobs list may be of any project: who asks
    must hold the right in all.
    """
    ctx.require(ctx.operation.permission)
    if len(blobs) > MAX_BLOBS:
        raise InvalidInput(f"at most {MAX_BLOBS} blobs can be asked for at once", field="blobs")
    wanted = [_read_wanted(text) for text in blobs]
    end, found = time.monotonic() + min(seconds, 30.0), []
    for form, digest in wanted:
        found.append(_check(ctx.blobs, form, digest, largest))
        if time.monotonic() > end:
            break
    return found


def _read_wanted(text: str) -> tuple[str, str]:
    form, _, digest = text.rpartition(":")
    return sources.check_form(form or PLAIN), check_digest(digest, field="blobs")


def _check(blobs: BlobStore, form: str, digest: str, largest: int | None) -> BlobCheck:
    try:
        if form == PLAIN and largest is not None and blobs.size(digest) > largest:
            return BlobCheck(digest=digest, form=form, state=BlobState.PRESENT)
        blobs.verify(digest)
        listed = sources.members(form, blobs.get_bytes(digest)) if form != PLAIN else []
    except NotFound as error:
        return BlobCheck(digest=digest, form=form, state=BlobState.MISSING, why=error.what)
    except DigestMismatch as error:
        return BlobCheck(digest=digest, form=form, state=BlobState.CHANGED, why=error.why)
    except OSError as error:
        # A file that the disk can't read any more, or that isn't ours: nobody gets its bytes.
        why = error.strerror or str(error)
        return BlobCheck(digest=digest, form=form, state=BlobState.UNREADABLE, why=why)
    except (ValueError, msgspec.MsgspecError) as error:
        return BlobCheck(digest=digest, form=form, state=BlobState.UNREADABLE, why=str(error)[:300])
    return BlobCheck(digest=digest, form=form, state=BlobState.INTACT, members=listed)
