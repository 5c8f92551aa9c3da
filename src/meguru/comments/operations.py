"""All operations of comments."""

from meguru.comments.show import list_comments, show
from meguru.comments.write import add, edit, moderate, remove

__all__ = ["add", "edit", "list_comments", "moderate", "remove", "show"]
