"""What the processes that a step starts inherit from it: its project, pinned, and what it stands on."""
