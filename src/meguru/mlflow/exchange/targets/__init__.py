"""The kinds of stores that can be written, one file each."""
