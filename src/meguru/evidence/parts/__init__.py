"""What goes into a pack, one file a matter: each says something of a release, and under which statement."""

from meguru.evidence.parts.source import GatheredPart, PackSource

__all__ = ["GatheredPart", "PackSource"]
