"""Evidence: everything that is known about a release in one file, which anybody can check without us."""
