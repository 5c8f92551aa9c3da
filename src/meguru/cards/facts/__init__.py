"""What the records say: of a model version, of a dataset version, of an endpoint."""
