"""Backfills: one pipeline over many parts of the data, such as each day of a year; each part once."""
