"""`meguru.prepare`: functions from frames to frames that make tables ready to learn from."""

from meguru.datasets import preparation as prepare

__all__ = ["prepare"]
