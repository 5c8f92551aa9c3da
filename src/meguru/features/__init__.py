"""Features: values of entities over time, defined once, the same in training and in serving."""
