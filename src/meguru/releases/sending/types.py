"""What of a release goes to another environment."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.datasets.types import DatasetVersion
from meguru.pipelines.types import PipelineVersion
from meguru.registry.types import ModelVersion
from meguru.releases.types import ReleaseOrigin
from meguru.serving.contracts.types import ModelInput

FORMAT = 1
DataPolicy = Literal["manifest", "copy"]
"""Of a dataset: only the list of its files, or the files too."""


class ReleaseBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A release as it goes: its parts by digest, and the blobs that they need, each with its size.

    `features` names what gives there what clients need not send; views are each environment's own.
    """

    format: int
    origin: ReleaseOrigin
    app: str
    inputs: list[ModelInput]
    model: ModelVersion
    pipeline: PipelineVersion | None
    datasets: list[DatasetVersion]
    blobs: dict[str, int]
    features: str = ""
