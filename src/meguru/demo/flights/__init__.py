"""One year of real flights from New York: which of them will arrive more than 15 minutes late."""
