"""Search: the filter and order grammar of MLflow, as SQL with keyset pages."""
