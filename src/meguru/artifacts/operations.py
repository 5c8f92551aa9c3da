"""All operations on the event log and the lineage graph."""

from meguru.artifacts import lineage, log, why

__all__ = ["lineage", "log", "why"]
