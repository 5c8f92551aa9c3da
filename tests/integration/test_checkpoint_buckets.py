"""Checkpoints in a bucket: each once, never written over, and under object lock removed by nobody."""

import uuid

import pytest

from meguru.audit.checkpoints.places import place_of
from meguru.audit.checkpoints.places.bucket import BucketPlace
from meguru.base.settings import Settings
from meguru.errors import Conflict, Unreachable

pytestmark = pytest.mark.integration
NOTES = [(7, "seven\n"), (12, "twelve\n")]


def test_each_is_an_object_and_nothing_is_written_over(s3_url):
    place = place_of(s3_url, Settings())
    place.write(NOTES[:1])
    place.write(NOTES)
    assert BucketPlace(s3_url, Settings()).read() == "seven\n\ntwelve\n"
    with pytest.raises(Conflict):
        place.write([(7, "forged\n")])


@pytest.mark.soak  # S3's own library takes seconds to load
def test_what_is_locked_can_not_be_removed(s3_url, s3_server):
    import botocore.session
    from botocore.exceptions import ClientError

    client = botocore.session.get_session().create_client("s3", endpoint_url=s3_server.endpoint)
    bucket = f"vault-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    place = place_of(f"s3://{bucket}/log?lock=365d", Settings())
    place.write(NOTES)
    place.write(NOTES)
    assert BucketPlace(f"s3://{bucket}/log", Settings()).read() == "seven\n\ntwelve\n"
    kept = client.head_object(Bucket=bucket, Key=f"log/{7:020d}.checkpoint")
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key=f"log/{7:020d}.checkpoint", VersionId=kept["VersionId"])
    with pytest.raises(Conflict):
        place.write([(7, "forged\n")])
    with pytest.raises(Unreachable) as refused:
        place_of(f"{s3_url}?lock=1d", Settings()).write(NOTES)
    assert "object lock" in refused.value.hint
