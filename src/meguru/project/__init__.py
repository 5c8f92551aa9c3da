"""A project as one file, ``meguru.toml``: read it, say what would change, carry it out."""
