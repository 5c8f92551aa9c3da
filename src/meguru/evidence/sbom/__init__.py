"""A bill of materials: the packages a model was made with, their licences, and the model itself."""

from meguru.evidence.sbom.cyclonedx import gather

__all__ = ["gather"]
