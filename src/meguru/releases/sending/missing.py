"""Ask which blobs of a release are not here yet."""

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints

MAX_BLOBS = 200
"""So many digests are asked about in one request."""


@operation("release.missing", permission="release:write", query=True, on="endpoint")
def missing(ctx: Context, *, endpoint: str, blobs: list[str] = []) -> list[str]:  # noqa: B006 - the kernel copies it for each call
    """Return those of some blobs that a release for an endpoint still has to bring: what is sent is resumed.

    Raises
    ------
    NotFound
        If the endpoint was not declared here.
    """
    if len(blobs) > MAX_BLOBS:
        raise InvalidInput(
            f"up to {MAX_BLOBS} blobs at a time", field="blobs", why=f"there are {len(blobs):,}"
        )
    endpoints.get(ctx.tx, endpoint)
    return [blob for blob in blobs if not ctx.blobs.has(digests.check_digest(blob, field="blobs"))]
