"""MLflow's REST protocol: an unmodified MLflow client logs to Meguru."""
