"""Where the code that runs in an environment has to come from: a branch, clean, reviewed."""
