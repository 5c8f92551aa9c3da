"""Checklists: what has to be answered about a model by risk class, by whom and until when."""
