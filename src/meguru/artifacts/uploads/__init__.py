"""Uploads that come in parts: declared, taken in part by part, put together, or swept at their deadline."""
