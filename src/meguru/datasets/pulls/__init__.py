"""Reads of what a dataset is declared to come from: when asked, by schedule, always from where it stands."""
