"""What code a step reaches, read from source: its digest decides whether a kept output still holds."""

from meguru.pipelines.code.environment import Environment, environment_of
from meguru.pipelines.code.project import Project, Source
from meguru.pipelines.code.reach import Code, Reached, code_of

__all__ = ["Code", "Environment", "Project", "Reached", "Source", "code_of", "environment_of"]
