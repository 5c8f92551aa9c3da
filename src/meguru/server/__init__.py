"""The server: one process that answers requests, does jobs and fires triggers."""
