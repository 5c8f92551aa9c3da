"""What runs steps: executors, environments, values on disk, tracing of code, files that are read.

It knows no noun and no operation. What needs a step to run (pipelines, later feature views) hands it a
`StepJob`, and gets back how it ended.
"""
