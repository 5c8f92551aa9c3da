"""Which version of a pipeline runs without anybody's hand: by triggers, by calendars, in backfills.

Registering a version changes nothing of that: it is deployed by a release, by an apply, or by a person with
the right, and rolled back like a model.
"""

from meguru.pipelines.deployments.store import deployed

__all__ = ["deployed"]
