"""The operations of MLflow's door on runs, experiments and what is imported; importing this registers them.

Those that are answered with files or in pages are registered by the routes that ask them.
"""

from meguru.mlflow.artifacts import blobs
from meguru.mlflow.exchange import import_registry as registry_import
from meguru.mlflow.exchange import import_tracking as tracking_import
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking import inputs
from meguru.mlflow.tracking import run_operations as runs

__all__ = ["blobs", "experiments", "inputs", "registry_import", "runs", "tracking_import"]
