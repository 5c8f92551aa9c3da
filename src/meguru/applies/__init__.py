"""Applies: what a project file declared, compared with what is, and carried out step by step."""
