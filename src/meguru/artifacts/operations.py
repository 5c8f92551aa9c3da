"""All operations on the event log and the lineage graph."""

from meguru.artifacts import lineage, log, why
from meguru.artifacts.integrity import operations as integrity

__all__ = ["integrity", "lineage", "log", "why"]
