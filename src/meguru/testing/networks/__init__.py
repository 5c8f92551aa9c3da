"""Small real networks for tests, one file a library."""
