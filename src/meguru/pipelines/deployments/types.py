"""What is kept of a pipeline's deployments."""

from datetime import datetime

import msgspec

from meguru.base import refs


class PipelineDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """That a version of a pipeline was deployed, by whom, why, and by which event.

    The one with the highest `number` holds; a `version` of 0 says that none is deployed. `rolled_back_to` is
    the number of the deployment that a rollback went back to.
    """

    name: str
    number: int
    version: int
    at: datetime
    by: str
    reason: str
    event: str
    rolled_back_to: int | None = msgspec.field(name="back_to", default=None)

    @property
    def ref(self) -> str:
        """The version that is deployed."""
        return refs.make("pipeline", self.name, self.version)
