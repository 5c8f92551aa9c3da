"""One piece of work in a process that sees no network, no workspace and no secrets, and is bounded."""
