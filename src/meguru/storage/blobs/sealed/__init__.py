"""Blobs that are encrypted where they lie: each with a key of its own, which another key wraps."""
