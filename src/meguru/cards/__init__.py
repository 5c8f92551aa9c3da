"""Cards: what a model, a dataset or an endpoint is, by its records and in the words of who answers for it."""
