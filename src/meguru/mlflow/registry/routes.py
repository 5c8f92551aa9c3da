"""The routes of artifacts, registered models and logged models, for the protocol's application."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from meguru.mlflow import workspaces
from meguru.mlflow.artifacts import pages as artifacts_pages
from meguru.mlflow.artifacts import parts as artifacts_parts
from meguru.mlflow.artifacts import proxy as artifacts
from meguru.mlflow.logged_models import routes as logged_models
from meguru.mlflow.protocol.calls import reply
from meguru.mlflow.protocol.openapi import document
from meguru.mlflow.registry import models as registry
from meguru.mlflow.registry import webhooks


def other_routes() -> list[BaseRoute]:
    """Return the routes that ``mlflow_routes`` takes as its `others`."""
    return [
        *artifacts.routes(),
        *artifacts_parts.routes(),
        *artifacts_pages.routes(),
        *registry.routes(),
        *logged_models.routes(),
        *webhooks.routes(),
        *workspaces.routes(),
    ]


def root_routes() -> list[BaseRoute]:
    """Return the routes that MLflow has below no prefix."""
    return [*artifacts_pages.root_routes(), Route("/openapi-mlflow.json", _openapi)]


async def _openapi(request: Request) -> Response:
    del request
    return reply(document())
