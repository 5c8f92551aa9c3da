"""Meguru's own HTTP interface, generated from the operations."""

from meguru.api.native.openapi import document
from meguru.api.native.routes import native_routes

__all__ = ["document", "native_routes"]
