"""The operations of MLflow's door on runs, experiments and what is imported; importing this registers them.

Those that are answered with files or in pages are registered by the routes that ask them.
"""

from meguru.registry import brought as registry_import
from meguru.tracking.mlflow import brought as tracking_import
from meguru.tracking.mlflow import experiments, inputs, runs

__all__ = ["experiments", "inputs", "registry_import", "runs", "tracking_import"]
