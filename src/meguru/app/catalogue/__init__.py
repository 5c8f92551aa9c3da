"""The catalogue: everything that has a name, found by its name and by what people say of it."""
