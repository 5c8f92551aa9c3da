"""Every operation of the model registry; importing this registers them."""

from meguru.registry import blobs
from meguru.registry.alias import alias
from meguru.registry.register import register
from meguru.registry.show import alias_history, aliases, list_models, show, versions

__all__ = [
    "alias",
    "alias_history",
    "aliases",
    "blobs",
    "list_models",
    "register",
    "show",
    "versions",
]
