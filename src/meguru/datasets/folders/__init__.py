"""Folders of files as versions of a dataset: a row a file, its bytes packed beside those of others."""
