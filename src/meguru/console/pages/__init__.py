"""One module a page: ask the operations, draw, render."""
