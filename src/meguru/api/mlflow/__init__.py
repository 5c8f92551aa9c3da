"""MLflow's REST protocol: an unmodified MLflow client logs to Meguru."""

from meguru.api.mlflow.routes import mlflow_routes

__all__ = ["mlflow_routes"]
