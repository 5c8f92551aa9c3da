"""What the data plane counts, for Prometheus."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "prediction_requests",
    "Prediction requests answered, by endpoint and HTTP status.",
    ["endpoint", "status"],
)
ROWS = Counter("prediction_rows", "Rows scored and answered.", ["endpoint"])
SECONDS = Histogram(
    "prediction_seconds",
    "Seconds from a request's arrival to its answer, the durable record included.",
    ["endpoint"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SWITCHES = Counter("endpoint_switches", "Times this process changed over to another model.", ["endpoint"])
LOAD_FAILURES = Counter("model_load_failures", "Models that were to go live and were refused.", ["endpoint"])
SHADOW_FAILURES = Counter(
    "shadow_failures", "Times a shadow model could not score; no request fails by it.", ["endpoint", "model"]
)
UNKNOWN = "(unknown)"
"""The label of requests for endpoints that are not there: a name that anybody can send must not be one."""


# On the hot path: `labels()` takes a lock and hashes its values each time, a cached child does not.
@lru_cache(maxsize=1024)
def requests(endpoint: str, status: int) -> Counter:
    """Return the counter of an endpoint's requests that were answered with a status."""
    return REQUESTS.labels(endpoint, status)


@lru_cache(maxsize=1024)
def rows(endpoint: str) -> Counter:
    """Return the counter of an endpoint's scored rows."""
    return ROWS.labels(endpoint)


@lru_cache(maxsize=1024)
def seconds(endpoint: str) -> Histogram:
    """Return the histogram of an endpoint's times."""
    return SECONDS.labels(endpoint)
