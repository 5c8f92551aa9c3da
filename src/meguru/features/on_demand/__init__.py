"""Features that are computed when somebody asks: one function, the same in training and in serving."""
