"""What tests need: pipelines to run (`pipeline_test`), fixtures, contract classes, real servers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from meguru.testing.pipelines import PipelineTest as PipelineTest
    from meguru.testing.pipelines import pipeline_test as pipeline_test
    from meguru.testing.results import Result as Result

_PLACES = {
    "PipelineTest": "meguru.testing.pipelines",
    "Result": "meguru.testing.results",
    "pipeline_test": "meguru.testing.pipelines",
}
__all__ = ["PipelineTest", "Result", "pipeline_test"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        message = f"module 'meguru.testing' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
