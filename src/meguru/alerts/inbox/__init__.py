"""What a person follows, and what happened to it: their inbox."""
