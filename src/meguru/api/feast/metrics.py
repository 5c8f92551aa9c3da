"""What is counted of features that are read online, for Prometheus."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter, Histogram

REQUESTS = Counter("online_feature_requests", "Requests for online features, by HTTP status.", ["status"])
ENTITIES = Counter("online_feature_entities", "Entities that features were read for.")
SECONDS = Histogram(
    "online_feature_seconds",
    "Seconds from a request for online features to its answer.",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5),
)


@lru_cache(maxsize=64)
def requests(status: int) -> Counter:
    """Return the counter of requests that were answered with a status."""
    return REQUESTS.labels(status)
