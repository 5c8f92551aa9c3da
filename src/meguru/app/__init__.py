"""The only wiring: opens workspaces and knows every noun."""

from meguru.app.open import open_workspace

__all__ = ["open_workspace"]
