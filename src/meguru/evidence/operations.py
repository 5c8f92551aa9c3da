"""All operations of evidence."""

from meguru.evidence.export import export

__all__ = ["export"]
