"""What an environment asks of a release before it goes live: reviewers, gates, hours."""
