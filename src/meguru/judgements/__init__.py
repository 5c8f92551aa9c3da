"""Feedback, the kind: what people and applications say of an answer, kept apart from what really happened."""
