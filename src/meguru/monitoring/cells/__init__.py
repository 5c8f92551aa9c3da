"""Counts that add up: any window is a sum of cells, whoever counted them."""
