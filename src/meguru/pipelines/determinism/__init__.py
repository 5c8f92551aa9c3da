"""Is a step deterministic? It is run twice from the same inputs, and what it returns is compared."""
