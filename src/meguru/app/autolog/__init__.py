"""`meguru.autolog`: what a library trains is tracked: params, curves, model."""

from meguru.app.autolog.switch import LIBRARIES, autolog

__all__ = ["LIBRARIES", "autolog"]
