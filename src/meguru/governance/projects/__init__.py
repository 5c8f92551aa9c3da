"""Projects as people see them: declared, listed, and who may do what in each."""
