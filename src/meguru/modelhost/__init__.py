"""Python functions as models: code that runs in a process of its own a version, never in the server."""
