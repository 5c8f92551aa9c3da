"""Search of runs: a grammar of filters and orders, which is MLflow's, as SQL with keyset pages."""
