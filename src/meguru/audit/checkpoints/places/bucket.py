"""A bucket: an object for each checkpoint, never written over; of S3 also under object lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from meguru.base import durations
from meguru.base.settings import Settings
from meguru.errors import Conflict, InvalidInput, MissingDependency, Unreachable
from meguru.storage.blobs.objects import connection_options

_ENDING = ".checkpoint"


class BucketPlace:
    """Writes ``PREFIX/00000000000000001234.checkpoint``; nobody shortens its lock, if it has one."""

    def __init__(self, text: str, settings: Settings, field: str = "to") -> None:
        del settings
        parts = urlsplit(text)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._bucket, self._prefix = f"{parts.scheme}://{parts.netloc}", parts.path.strip("/")
        lock = asked.pop("lock", "")
        if not parts.netloc or "@" in parts.netloc or asked or (lock and parts.scheme != "s3"):
            hint = "s3://BUCKET/PREFIX?lock=365d; credentials go into the environment"
            raise InvalidInput("this is no place in a bucket", field=field, hint=hint)
        self._lock = timedelta(seconds=durations.length(lock, field=field)) if lock else None

    def write(self, notes: list[tuple[int, str]]) -> None:
        """Write each as an object of its own; one that is there already is compared."""
        put = _Locked(self._bucket, self._lock).put if self._lock else self._put
        with _explained(self._bucket):
            for size, note in notes:
                key = "/".join(part for part in (self._prefix, f"{size:020d}{_ENDING}") if part)
                if not put(key, note.encode()) and self._get(key) != note.encode():
                    where = f"{self._bucket}/{key}"
                    raise Conflict("another checkpoint of as many entries is there", where=where)

    def read(self) -> str:
        """Return all checkpoints that are there, one below the other, oldest first."""
        import obstore

        with _explained(self._bucket):
            listed = obstore.list(self._store(), prefix=self._prefix or None)
            keys = sorted(str(each["path"]) for page in listed for each in page)
            return "\n".join(self._get(key).decode() for key in keys if key.endswith(_ENDING))

    def _store(self) -> Any:
        from obstore.store import from_url

        return from_url(self._bucket, **connection_options(self._bucket))

    def _put(self, key: str, body: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._store(), key, body, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def _get(self, key: str) -> bytes:
        import obstore

        return bytes(obstore.get(self._store(), key).bytes())


class _Locked:
    """S3 with object lock, which needs headers that only S3's own library signs."""

    def __init__(self, bucket: str, lock: timedelta | None) -> None:
        try:
            import botocore.session
        except ModuleNotFoundError as error:
            raise MissingDependency.of("object-lock", "botocore") from error
        self._client: Any = botocore.session.get_session().create_client("s3")
        self._bucket, self._lock = bucket.removeprefix("s3://"), lock or timedelta()

    def put(self, key: str, body: bytes) -> bool:
        """Write an object that nobody can remove before its time; False if one is there."""
        from botocore.exceptions import ClientError

        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",  # GOVERNANCE could be lifted by who has the right to
                ObjectLockRetainUntilDate=datetime.now(UTC) + self._lock,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        return True


@contextmanager
def _explained(bucket: str) -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        why = str(error).partition("\n")[0][:300]
        raise Unreachable("the bucket did not take a checkpoint", where=bucket, why=why) from None
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        hint = "the bucket must have been made with object lock" if "InvalidRequest" in str(error) else ""
        raise Unreachable(
            "the bucket did not take a checkpoint", where=bucket, why=str(error)[:300], hint=hint
        ) from None
