"""Feast's HTTP protocol of feature servers, as its remote online store speaks it."""
