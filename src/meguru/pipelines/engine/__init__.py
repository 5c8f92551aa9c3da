"""The engine: brings one run to its end, step by step, each commit fenced by the job's lease.

What it promises: at least once for a step in flight, never a finished step twice. A step's output is in
the blob store before the transaction that marks the step done, and becomes visible by it.

`board` knows which steps can begin, `plan` decides what becomes of those, `maps` takes mapped steps apart
and together, `record` commits, `engine` is the loop.
"""

from meguru.pipelines.engine.engine import Engine
from meguru.pipelines.engine.record import StepProgress

__all__ = ["Engine", "StepProgress"]
