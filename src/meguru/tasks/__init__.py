"""What models are asked to do: the family of tasks, with the outputs they give and the outcomes they meet."""

from meguru.tasks.base import (
    ModelOutput,
    OutputType,
    RawAnswer,
    Task,
    TaskOptions,
    WrongShape,
    output_column,
)
from meguru.tasks.read import TASKS, options_of, plain, task_of

__all__ = [
    "TASKS",
    "ModelOutput",
    "OutputType",
    "RawAnswer",
    "Task",
    "TaskOptions",
    "WrongShape",
    "options_of",
    "output_column",
    "plain",
    "task_of",
]
