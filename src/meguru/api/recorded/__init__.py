"""`POST /outcomes` and `POST /feedback`: what is learned about predictions."""

from meguru.api.recorded.routes import recorded_routes

__all__ = ["recorded_routes"]
