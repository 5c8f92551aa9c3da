"""Rows that are pushed to views: online at once, and in a version of the source soon after."""
