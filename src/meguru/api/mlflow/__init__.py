"""MLflow's REST protocol: an unmodified MLflow client logs to Meguru."""

from meguru.api.mlflow.routes import Direct, mlflow_routes

__all__ = ["Direct", "mlflow_routes"]
