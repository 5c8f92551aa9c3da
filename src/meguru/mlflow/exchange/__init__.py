"""MLflow's stores, read and written without MLflow: a folder, a database, or a server."""
