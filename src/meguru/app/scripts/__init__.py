"""A plain script as a tracked run: what ``meguru run script.py`` does when there is no pipeline in it."""
