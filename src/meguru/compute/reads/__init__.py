"""The files that a step read: noted while it runs, kept with its result, compared before that is reused."""
