"""Search of experiments, of the registry and of logged models, in the grammar of `meguru.tracking.search`."""
