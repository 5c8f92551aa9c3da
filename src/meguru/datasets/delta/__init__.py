"""Datasets as Delta Lake tables, which others read without us: their files are links to ours."""
